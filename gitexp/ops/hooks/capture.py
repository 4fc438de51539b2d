"""exp-capture: the state that is about to be committed, recorded as a run or found among those there are."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.capture.snapshot import Snapshot, of_index
from gitexp.errors import GitError, GitExpError, StorageFull
from gitexp.model.names import RunName, new_id, new_name
from gitexp.model.record import Code, Input, Record, RunInfo, Status
from gitexp.model.times import format_time
from gitexp.model.values import Value, same
from gitexp.ops.evidence import best_first
from gitexp.ops.hooks import pending
from gitexp.ops.hooks.pending import Pending
from gitexp.ops.hooks.staged_files import StagedFiles
from gitexp.ops.hooks.table import Answer, Call
from gitexp.ops.read import StoredRun, list_all
from gitexp.repo import Repository

if TYPE_CHECKING:
    from gitexp.capture.interpreter import Interpreter

# Most commits have nothing to record: what that needs is imported where there is something.
_MERGING = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "SQUASH_MSG")
"""While one of these is there, git has put the files together: results in them are not those of this code."""


@dataclass(frozen=True)
class State:
    """What is about to be committed."""

    taken: Snapshot
    files: StagedFiles
    params_files: Sequence[str]
    metrics_files: Sequence[str]
    """Those that the commit changes."""
    wanted: bool
    """Whether it is to be recorded where no run has it."""

    @cached_property
    def params(self) -> Mapping[str, Value]:
        """Raises BrokenFile."""
        return self.files.read_params(self.params_files)


def run(repo: Repository, call: Call) -> Answer:
    """Refuses only where it is to be strict and inputs are missing. Raises GitExpError, OSError."""
    with tempfile.TemporaryDirectory(prefix="gitexp-") as folder:
        taken = _staged(repo, Path(folder) / "objects")
        if taken is None:
            return Answer()
        with StagedFiles(repo, taken) as files:
            return _answer(repo, taken, files, strict=call.strict)


def _staged(repo: Repository, quarantine: Path) -> Snapshot | None:
    """None for what git will not commit either, and where there is nothing that could be committed."""
    if repo.layout.top is None:
        return None
    try:
        return of_index(repo.git, repo.layout, quarantine)
    except StorageFull:
        raise
    except GitError:  # a conflict that is not resolved
        return None


def _answer(repo: Repository, taken: Snapshot, files: StagedFiles, *, strict: bool) -> Answer:
    _use_settings(repo, files.settings())
    settings = repo.settings
    if settings.capture.strict or strict:
        from gitexp.ops.hooks.inputs import declared_inputs

        _, missing = declared_inputs(repo, files, settings.inputs)
        if missing:
            return Answer(refusals=tuple(_missing(one) for one in missing))
    state = _state(repo, taken, files)
    known = _known(repo, state)
    if known is not None:
        pending.leave(repo, Pending(taken.tree, known.name))
    elif state.wanted:
        # Noted before it is told: what cannot be written is no run.
        name = _record(repo, state)
        pending.leave(repo, Pending(taken.tree, name))
        repo.remark(f"what is committed is recorded as run '{name}'")
    else:
        pending.leave(repo, Pending(taken.tree, None))
    return Answer()


def _use_settings(repo: Repository, data: bytes | None) -> None:
    """Those that are staged hold for all that is recorded. What is unknown in them other commands tell."""
    from gitexp.formats.settings import Settings, parse

    repo.settings = replace(parse(data), unknown=()) if data is not None else Settings()


def _missing(one: Input) -> GitExpError:
    return GitExpError(
        f"input {one.role} {one.name!r} is missing, and what is committed depends on it",
        hint="bring it back, or take it out of inputs in .gitexp.yaml",
    )


def _state(repo: Repository, taken: Snapshot, files: StagedFiles) -> State:
    settings = repo.settings
    paths = files.params_files(settings.params)
    metrics_files = files.metrics_files(settings.metrics)
    merging = any((repo.layout.git_dir / name).exists() for name in _MERGING)
    changed = bool(metrics_files) or any(map(files.changed, paths))
    wanted = {"always": True, "never": False}.get(settings.capture.when, changed)
    return State(taken, files, paths, metrics_files, wanted and not merging)


def _known(repo: Repository, state: State) -> StoredRun | None:
    """The best of the runs with this code and these params; a run may have more params than files have."""
    found = list_all(repo).with_code(state.taken.tree)
    if not found:
        return None
    from gitexp.formats.assignment import flatten

    masked = repo.redactor.knowing(state.params).params(state.params)
    assert isinstance(masked, Mapping)
    wanted = flatten(masked)
    fitting = [
        one
        for one in found
        if one.info.status is not Status.DRAFT and _has(flatten(one.record.params), wanted)
    ]
    return next(iter(best_first(fitting)), None)


def _has(params: Mapping[str, Value], wanted: Mapping[str, Value]) -> bool:
    return all(key in params and same(params[key], value) for key, value in wanted.items())


def _record(repo: Repository, state: State) -> RunName:
    from gitexp.formats import series
    from gitexp.ops.begin import environment_of
    from gitexp.ops.hooks.inputs import declared_inputs
    from gitexp.ops.inscribe import Inscription, inscribe

    now = format_time(time.time())
    taken = state.taken
    results = state.files.read_results(state.metrics_files)
    inputs, _ = declared_inputs(repo, state.files, repo.settings.inputs)
    environment = environment_of(repo, taken, _python(repo))
    info = RunInfo(
        id=new_id(),
        name=new_name(),
        status=Status.CAPTURED,
        started=now,
        ended=now,
        code=Code(taken.tree, taken.base, taken.dirty),
    )
    record = Record(
        info=info,
        params=state.params,
        metrics=results.metrics,
        inputs=tuple(inputs),
        env=environment.env,
        requirements=environment.requirements,
    )
    chunks = {f"series/{number:05}.csv": data for number, data in enumerate(series.encode(results.rows))}
    parents = (taken.base,) if taken.base else ()
    name, _ = inscribe(repo, None, Inscription(record, taken.entries, taken.builder, parents, chunks))
    return name


def _python(repo: Repository) -> Interpreter | None:
    """The project's; not the one that a framework made for this hook alone."""
    from gitexp.capture import interpreter

    found = interpreter.find(("python",), repo.cwd, repo.environ)
    if found and "PRE_COMMIT" in repo.environ and found.prefix.resolve() == Path(sys.prefix).resolve():
        return None
    return found
