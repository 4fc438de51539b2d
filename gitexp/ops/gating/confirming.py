"""A gate that fails, asked once more: it is one only where the run and its repetition fail.

A repetition says something only as far as it could have come out otherwise. What the first run told is
therefore left out of what is known of it, and one that gave exactly the same confirms nothing.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

from gitexp.capture.spawn import Stdio
from gitexp.errors import GitExpError
from gitexp.gate.deciding import Check, Verdict, decide
from gitexp.model.gate import DEFAULT, Outcome
from gitexp.model.noise import Basis
from gitexp.model.record import Status
from gitexp.model.values import same
from gitexp.ops.alike import unlike
from gitexp.ops.evaluations.reading import read_suites
from gitexp.ops.gating.gating import Gated, Repetition, evidence_on
from gitexp.ops.gating.ruling import TYPED
from gitexp.ops.read import StoredRun, load
from gitexp.ops.repro.plan import Plan, plan_of
from gitexp.ops.repro.reproduce import Choices, reproduce
from gitexp.ops.trust import check_trusted
from gitexp.repo import Repository

_STDERR = 2
"""Stdout is the gate's."""


def confirmed(repo: Repository, found: Gated, baseline: str | None = None, *, trust: bool = False) -> Gated:
    """`found`, and where it fails its run once more; where that cannot be had the verdict stands.

    `baseline` is what was typed for it, if anything was.
    """
    if found.verdict.outcome is not Outcome.FAIL:
        return found
    try:
        plan = plan_of(repo, found.new)
        check_trusted(repo, plan.run, trust, retry=_retry(found, baseline))
        repo.remark(f"the gate fails: running {found.new.name} once more")
        again = _repeated(repo, found, plan)
    except GitExpError as error:
        again = Repetition(f"not run once more: {error.message}", error.hint)
    return replace(found, repetition=again)


def _retry(found: Gated, baseline: str | None) -> str:
    """What to type with `--trust`: another gate would decide if rules that were typed were left out."""
    if found.ruling.gate != DEFAULT or TYPED in found.ruling.said.values():
        return "the same command with"
    against = ["--baseline", baseline] if baseline is not None else []
    return shlex.join(["git", "exp", "gate", found.new.name, *against, "--confirm"])


def _repeated(repo: Repository, found: Gated, plan: Plan) -> Repetition:
    for one in plan.shortcomings():
        repo.remark(one.message)
    done = reproduce(repo, plan, Choices(stdio=Stdio(stdout=_STDERR)))
    for notice in (*done.notices, *done.executed.notices):
        repo.remark(notice)
    name, commit = done.executed.name, done.commit or done.executed.commit
    if commit is None:
        why = done.executed.error.message if done.executed.error else "its end could not be written"
        return Repetition(f"it says nothing: {why}")
    run = load(repo, commit, name, name)
    info = run.record.info
    if info.status is not Status.FINISHED:
        how = f" with exit code {info.exit_code}" if info.exit_code else ""
        return Repetition(f"it says nothing: it {info.status.value}{how}", f"git exp show {name}", run)
    if parts := unlike(found.new, run):
        hint = f"git exp diff {found.new.name} {name}"
        return Repetition(f"it says nothing: it had {', '.join(parts)}", hint, run)
    return _judged(repo, found, run)


def _judged(repo: Repository, found: Gated, run: StoredRun) -> Repetition:
    try:
        evidence = evidence_on(repo, found.old, run, found.ruling, found.new)
        verdict = decide(evidence, found.ruling.rules)
        told, counts = _weighed(found, run, verdict)
    except GitExpError as error:
        return Repetition(f"it says nothing: {error.message}", error.hint, run)
    return Repetition(told, None, run, verdict, verdict.outcome if counts else None)


def _weighed(found: Gated, run: StoredRun, verdict: Verdict) -> tuple[str, bool]:
    """What the verdict says of the first one, and whether it counts."""
    failed = [one for one in found.verdict.checks if one.outcome is Outcome.FAIL]
    if _gave_the_same(found.new, run, failed):
        return "its results are exactly the same, as equal seeds make them: that confirms nothing", False
    if verdict.outcome is Outcome.FAIL:
        return "it fails as well, which confirms the failure", True
    if any(_cannot_tell(one, verdict) for one in failed):
        return "it says nothing: its noise is not known", False
    if verdict.outcome in (Outcome.PASS, Outcome.INCONCLUSIVE):
        return "the failure is not confirmed", True
    return "it says nothing: it cannot be judged as the first one was", False


def _cannot_tell(failed: Check, verdict: Verdict) -> bool:
    """Whether the check that failed rests on nothing now: a single value says not how much it varies."""
    now = (one for one in verdict.checks if (one.kind, one.name) == (failed.kind, failed.name))
    return any(one.effect is not None and one.effect.basis is Basis.NOTHING for one in now)


def _gave_the_same(one: StoredRun, other: StoredRun, failed: Sequence[Check]) -> bool:
    """Whether what the failed checks rest on is the same to the last digit: nothing was drawn anew."""
    plain = [check.name for check in failed if _is_plain(check)]
    if any(not same(one.record.metrics.get(name), other.record.metrics.get(name)) for name in plain):
        return False
    if len(plain) == len(failed):
        return True
    spent = any(check.kind == "cost" for check in failed)
    left, right = (
        [(suite.name, suite.results, suite.usage if spent else ()) for suite in read_suites(run)]
        for run in (one, other)
    )
    return left == right


def _is_plain(check: Check) -> bool:
    """Whether it rests on a metric of the run, and not on examples."""
    return check.kind == "metric" and (check.effect is None or check.effect.basis is not Basis.EXAMPLES)
