"""Scores of a run replaced on somebody's word, as a commit on top of it: `git exp eval regrade`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import isclose

from gitexp.errors import RefChanged, UsageError
from gitexp.formats import eval_files
from gitexp.formats import record as record_files
from gitexp.formats.identity import identity
from gitexp.git.objects import ObjectBuilder
from gitexp.interop.building import warned
from gitexp.interop.problems import Problems
from gitexp.model.eval_summary import summary_metrics
from gitexp.model.evaluation import Regrading, Suite
from gitexp.model.names import RunName
from gitexp.model.record import Input, Record
from gitexp.model.roles import GRADER
from gitexp.model.times import format_time
from gitexp.model.values import Oid, Scalar
from gitexp.ops.evaluations.comparing import Comparison, compare
from gitexp.ops.evaluations.log_texts import with_texts
from gitexp.ops.evaluations.reading import read_suites, suite_names
from gitexp.ops.evaluations.rescoring import Rescored, rescored
from gitexp.ops.on_top import check_ended, put_on_top, with_files
from gitexp.ops.operations import REGRADING
from gitexp.ops.read import StoredRun, load
from gitexp.ops.recorded import recorded_blobs
from gitexp.ops.tip import Tip
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Regraded:
    """What came of it, or would."""

    name: RunName
    rescored: Rescored
    comparison: Comparison
    """The suite as it was, and as it is."""
    grader: Input
    warnings: tuple[str, ...] = ()
    commit: Oid | None = None
    """None where nothing changed, or nothing was to be written."""
    metrics: Mapping[str, Scalar] = field(default_factory=dict)
    """Those of the suite in `metrics.yaml`, as they are now."""


def regrade(
    run: StoredRun,
    suite: str,
    grades: Callable[[Suite, Problems], tuple[Suite, Input]],
    reason: str,
    *,
    with_text: bool = False,
    partial: bool = False,
    dry_run: bool = False,
) -> Regraded:
    """The suite graded anew, and the commit that says so; nothing is written unless all is well.

    `grades` gives the new scores, and what graded; `with_text` it is shown the answers, as far as they are
    kept. Raises UsageError, BrokenFile, NotFound, RefChanged, GitError.
    """
    reason = run.repo.redactor.text(" ".join(reason.split()))
    if not reason:
        raise UsageError("no reason is given", hint="-m 'why the scores are to be others'")
    if run.live:
        raise UsageError(f"run {run.name!r} is still running", hint="wait for its end")
    if (live := run.repo.live(run.name)).path.is_dir() and live.working():
        raise UsageError(f"a process of run {run.name!r} is still at work", hint="wait for its end")
    (old,) = read_suites(run, [suite], with_text=with_text)
    problems = Problems(partial)
    given, grader = grades(with_texts(run, old) if with_text else old, problems)
    problems.check()
    found = rescored(old, given, partial=partial)
    told = (*problems.told(), *found.left_out)
    done = Regraded(run.name, found, compare(old, found.new), _mixed(run, found, grader), told)
    if dry_run or not found.changes:
        return done
    new = _with_history(run, found, reason, told)
    change = _Change(old, new, done.grader, reason, found.whole)
    commit = put_on_top(
        run.repo,
        run.name,
        lambda tip, builder: _commit(run, change, tip, builder),
        f"{REGRADING}{suite} of {run.name}",
    )
    return replace(done, commit=commit, metrics=summary_metrics(new))


@dataclass(frozen=True, slots=True)
class _Change:
    old: Suite
    suite: Suite
    grader: Input
    reason: str
    whole: bool
    """Whether the grader has graded all of the suite."""


def _commit(run: StoredRun, what: _Change, tip: Tip, builder: ObjectBuilder) -> Oid:
    check_ended(tip)
    name = what.suite.name
    if _tables(run.repo, tip.oid, name) != _tables(run.repo, run.commit, name):
        raise RefChanged(
            f"suite {name!r} of run {run.name!r} was changed meanwhile", hint=f"git exp eval show {run.name}"
        )
    # A grader takes its time: what came to the run meanwhile stays.
    now = load(run.repo, tip.oid, run.name)
    alone = what.whole and len(suite_names(now)) == 1
    changed = record_files.encode(_with(now.whole, what, alone))
    tables = eval_files.encode(what.suite)
    files = {
        **{file: changed[file] for file in (record_files.METRICS, record_files.INPUTS) if file in changed},
        **{eval_files.path_of(name, file): tables[file] for file in (eval_files.META, eval_files.SCORES)},
    }
    message = f"exp {run.name}: regrade {name}\n\nReason: {what.reason}"
    return with_files(run.repo, tip, builder, files, message)


def _tables(repo: Repository, commit: Oid, suite: str) -> dict[str, Oid]:
    prefix = eval_files.path_of(suite, "")
    return {path: oid for path, oid in recorded_blobs(repo.reader, commit).items() if path.startswith(prefix)}


def _with(record: Record, what: _Change, alone: bool) -> Record:
    """The grader takes the place of the one that graded the suite before, of all where no other suite is."""
    others = [one for one in record.inputs if one.role != GRADER or not _is_replaced(one, what, alone)]
    metrics = _renewed(record.metrics, what.old, what.suite)
    return replace(record, metrics=metrics, inputs=(*others, what.grader))


def _is_replaced(grader: Input, what: _Change, alone: bool) -> bool:
    return alone or grader.none or grader.name == what.grader.name


def _mixed(run: StoredRun, found: Rescored, grader: Input) -> Input:
    """The grader, with what graded before where scores of that are left: together they are another one."""
    if found.whole:
        return grader
    graders = [one for one in run.whole.inputs if one.role == GRADER]
    own = [one for one in graders if one.name == grader.name] or graders
    before = sorted(identity(one) for one in own)
    value = grader.value if isinstance(grader.value, Mapping) else {"value": grader.value}
    return replace(grader, value={**value, "metrics": list(found.metrics), "besides": before})


def _with_history(run: StoredRun, found: Rescored, reason: str, told: tuple[str, ...]) -> Suite:
    means = summary_metrics(found.old)
    prefix = f"{found.old.name}/"
    before = {name: means[prefix + name] for name in found.metrics if prefix + name in means}
    entry = Regrading(format_time(time.time()), reason, run.commit, len(found.changes), before)
    meta = found.new.meta
    suite = warned(found.new, [*meta.warnings, *told])
    return replace(suite, meta=replace(suite.meta, history=(*meta.history, entry)))


def _renewed(metrics: Mapping[str, Scalar], old: Suite, new: Suite) -> dict[str, Scalar]:
    """The metrics of the run with the means of the new scores; one that was set to another value stands."""
    before, after = summary_metrics(old), summary_metrics(new)
    kept = {
        key: value for key, value in metrics.items() if key not in before or not _same(value, before[key])
    }
    return {**kept, **{key: value for key, value in after.items() if key not in kept}}


def _same(one: Scalar, other: Scalar) -> bool:
    return one == other or (
        isinstance(one, (int, float))
        and isinstance(other, (int, float))
        and isclose(one, other, rel_tol=1e-9)
    )
