"""A run executed once more as it was, recorded as a run of its own, and judged."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gitexp.capture.spawn import OWN, Stdio
from gitexp.errors import GitExpError
from gitexp.model.calls import kept_of
from gitexp.model.names import MAX_SLUG, slug_of
from gitexp.model.reproduction import Reproduction
from gitexp.model.values import Oid
from gitexp.ops.alike import is_witness, repeated
from gitexp.ops.amend import amend
from gitexp.ops.catalog import catalog
from gitexp.ops.committed import results_of, settings_at
from gitexp.ops.execute import Executed, Request, Source, execute
from gitexp.ops.isolate import check_inside
from gitexp.ops.operations import VERDICT
from gitexp.ops.read import StoredRun, load
from gitexp.ops.repro import environments, supplies
from gitexp.ops.repro.environments import Built
from gitexp.ops.repro.plan import Plan
from gitexp.ops.repro.verdict import Known, judge
from gitexp.repo import Repository

_ENDING = "-repro"


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user may say of how it is done."""

    environment: Built | None = None
    """In which it runs; None for the one that is there."""
    metrics_files: tuple[str, ...] = ()
    """Relative to the folder that the command runs in; none for those that the run had."""
    outputs: tuple[str, ...] = ()
    stdio: Stdio = OWN


@dataclass(frozen=True, slots=True)
class Reproduced:
    """How it went."""

    executed: Executed
    reproduction: Reproduction | None
    """None where the new run was stopped, or its end could not be written."""
    commit: Oid | None
    """The new run with the verdict on it."""
    notices: tuple[str, ...] = ()


def environment_for(repo: Repository, plan: Plan) -> Built:
    """The recorded environment, built unless it was before. Raises GitExpError."""
    return environments.build(repo, environments.wanted(plan.record))


def reproduce(repo: Repository, plan: Plan, choices: Choices) -> Reproduced:
    """The plan carried out. Raises GitExpError before the command starts, never after.

    Whether its code may be executed is the caller's matter: `trust.check_trusted`.
    """
    place = repo.within(_environ(repo, plan, choices.environment))
    lost: list[str] = []
    request = _request(place, plan, choices, lost)
    repo.reader.close()  # for the reason that `execute` closes its own: a Ctrl-C
    done = execute(place, request)
    built = choices.environment.notices if choices.environment else ()
    if done.commit is None or done.exit.stopped:  # a part of it says nothing of the whole
        return Reproduced(done, None, done.commit, built)
    building = choices.environment is not None
    lacking = [one.message for one in plan.shortcomings(building=building)]
    found = _verdict(repo, plan, done, [*lacking, *lost])
    try:
        commit = amend(
            repo,
            done.name,
            lambda info: replace(info, reproduction=found),
            f"{VERDICT}{found.verdict.value}",
        )
    except (GitExpError, OSError) as error:
        return Reproduced(done, found, None, (*built, f"the verdict cannot be kept: {error}"))
    catalog(repo)  # from now on the index tells of it to who looks at the old run
    return Reproduced(done, found, commit, built)


def _environ(repo: Repository, plan: Plan, built: Built | None) -> Mapping[str, str]:
    environ = built.entered(repo.environ) if built else repo.environ
    return {**{k: v for k, v in environ.items() if k not in plan.unset}, **plan.variables}


def _request(repo: Repository, plan: Plan, choices: Choices, lost: list[str]) -> Request:
    results = results_of(plan.record.info.results, settings_at(repo, plan.commit), plan.cwd)
    program = _program(plan.command[0], choices.environment)
    return Request(
        command=(program, *plan.command[1:]),
        slug=_slug(plan.run.name),
        metrics_files=choices.metrics_files or results.metrics,
        outputs=choices.outputs or results.outputs,
        source=_source(repo, plan, lost),
        content=kept_of(plan.record.artifacts),
        stdio=choices.stdio,
    )


def _slug(name: str) -> str:
    """So called that the old run still is the only one by its slug."""
    return slug_of(name).removesuffix(_ENDING)[: MAX_SLUG - len(_ENDING)].rstrip("-") + _ENDING


def _program(word: str, built: Built | None) -> str:
    """The program, where the environment has it that one: not that of a `.venv` in the working tree."""
    name = os.path.basename(word)
    return name if built is not None and (built.programs / name).exists() else word


def _source(repo: Repository, plan: Plan, lost: list[str]) -> Source:
    """`lost` is told of the inputs that could not be put back."""
    return Source(
        commit=plan.commit,
        code=plan.code,
        params=plan.params,
        files=plan.files,
        cwd=plan.cwd,
        trusted=False,  # a reproduction runs the recorded command, and nothing that git would run besides
        parents=(plan.run.name,),
        ancestors=(plan.run.commit,),
        unlinked=supplies.not_linked(plan.inputs),
        prepare=lambda root: _prepared(repo, plan, root, lost),
        inputs=lambda root: supplies.known_before(repo, plan.inputs, root),
        submodules=plan.submodules,
    )


def _prepared(repo: Repository, plan: Plan, root: Path, lost: list[str]) -> list[str]:
    check_inside(root, plan.cwd, plan.run.name)
    lost += supplies.supply(repo, plan.inputs, root)
    return list(lost)


def _verdict(repo: Repository, plan: Plan, done: Executed, lacking: Sequence[str]) -> Reproduction:
    assert done.commit is not None
    new = load(repo, done.commit, done.name, done.name).whole
    known = Known(repo.settings.noise, [one.record.metrics for one in _repeated(repo, plan, done)])
    on = plan.commit if plan.on is not None else None
    return judge(plan.run.name, plan.run.commit, plan.record, new, known, on, lacking)


def _repeated(repo: Repository, plan: Plan, done: Executed) -> list[StoredRun]:
    """The runs that tell how much metrics vary: no reproduction does that itself was none."""
    commit = plan.commit if plan.on is None else None
    found = repeated(repo, plan.record, commit)
    return [one for one in found if one.name != done.name and is_witness(one)]
