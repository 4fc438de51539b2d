"""`git exp run`: a command recorded from start to end."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.capture import console, interpreter, spawn
from gitexp.capture.snapshot import Snapshot, replaced
from gitexp.errors import GitExpError, NoWorkTree, StorageFull, UsageError
from gitexp.formats.fold import merged
from gitexp.git.process import unplaced
from gitexp.model.names import RunName
from gitexp.model.record import Status
from gitexp.model.values import Oid
from gitexp.ops import isolate, params, results
from gitexp.ops.begin import UNTRACKED_ROLE, Wish, begin, no_work_tree
from gitexp.ops.recording import Recording
from gitexp.ops.seal import Ending
from gitexp.repo import RUN_VARIABLE, Repository

if TYPE_CHECKING:
    from gitexp.formats.assignment import Assignment
    from gitexp.ops.continuing import Origin


@dataclass(frozen=True, slots=True)
class Request:
    """A command to run, and how to record it."""

    command: tuple[str, ...]
    slug: str | None = None
    group: str | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None
    assignments: tuple[Assignment, ...] = ()
    param_files: tuple[str, ...] = ()
    metrics_files: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    isolated: bool = False
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Executed:
    """How it went."""

    name: RunName
    commit: Oid | None
    """None where the end could not be written; `error` then says why."""
    exit: spawn.Exit
    status: Status
    notices: tuple[str, ...] = field(default=())
    error: GitExpError | None = None


def execute(repo: Repository, request: Request) -> Executed:
    """Run the command and record it. Raises GitExpError before the command starts, never after."""
    if not request.command:
        raise UsageError("no command to run", hint="git exp run -- python train.py")
    isolated = request.isolated or bool(request.assignments)
    if repo.layout.top is None and not isolated:
        raise NoWorkTree(
            no_work_tree(repo),
            hint="git exp run --isolated -- CMD runs the code of HEAD in a worktree of its own",
        )
    files = params.read_params_files(repo, request.param_files)
    changes = params.change(files, request.assignments)
    inherited = request.origin.record.params if request.origin else {}
    effective, _ = merged(inherited, changes.params)
    command = params.substitute(request.command, effective)
    shown = repo.redactor.params(effective)
    assert isinstance(shown, Mapping)
    recording = begin(
        repo,
        Wish(
            slug=request.slug,
            group=request.group,
            tags=request.tags,
            note=request.note,
            params=effective,
            command=tuple(params.substitute(request.command, shown)),
            parents=_outer(repo),
            interpreter=interpreter.find(command, repo.cwd, repo.environ),
            origin=request.origin,
            commit="HEAD" if repo.layout.top is None else None,
            rewrite=(lambda taken: _rewritten(repo, taken, changes.files)) if changes.files else None,
        ),
    )
    try:
        place = _Place.isolated(repo, recording, request, changes.files) if isolated else _Place.own(repo)
    except BaseException:
        isolate.remove_worktree(repo, recording.name)
        recording.discard()
        raise
    try:
        return _run(repo, request, recording, place, command)
    finally:
        if isolated:
            isolate.remove_worktree(repo, recording.name)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the command runs."""

    root: Path
    cwd: Path
    environ: Mapping[str, str]

    @classmethod
    def own(cls, repo: Repository) -> _Place:
        assert repo.layout.top is not None
        return cls(repo.layout.top, repo.cwd, repo.environ)

    @classmethod
    def isolated(
        cls, repo: Repository, recording: Recording, request: Request, changed: Mapping[str, bytes]
    ) -> _Place:
        start = recording.live.read_start()
        code = start.record.info.code
        prefix = repo.layout.prefix
        outputs = [os.path.normpath(prefix + path) for path in request.outputs] or list(repo.settings.outputs)
        linked = isolate.ignored_paths(repo) if repo.layout.top else []
        large = [one.path for one in start.record.inputs if one.role == UNTRACKED_ROLE and one.path]
        submodules = start.record.env.get("submodules") or {}
        assert isinstance(submodules, Mapping)
        root = isolate.make_worktree(
            repo,
            recording.name,
            code.base or start.head,
            code.tree,
            linked=[*linked, *large, *submodules],
            outputs=outputs,
        )
        tracked = isolate.tracked(repo, code.tree, list(changed))
        isolate.overlay(root, {path: data for path, data in changed.items() if path not in tracked})
        cwd = root / prefix
        cwd.mkdir(parents=True, exist_ok=True)
        return cls(root, cwd, unplaced(repo.environ))


def _run(
    repo: Repository, request: Request, recording: Recording, place: _Place, command: Sequence[str]
) -> Executed:
    expected = results.expect(repo, place.root, place.cwd, request.metrics_files, request.outputs)
    environ = {**place.environ, RUN_VARIABLE: str(recording.live.path)}
    tee = console.Tee(recording.live.console, repo.config.int("exp.maxConsole", 4 << 20))
    try:
        ended = spawn.run(
            command,
            cwd=place.cwd,
            environ=environ,
            sink=tee.write,
            started=recording.live.note_process,
        )
    finally:
        tee.close()
    try:
        notices = results.collect(recording, expected, place.root)
    except (GitExpError, OSError, RuntimeError, ValueError) as error:  # how the command ended stands anyway
        notices = [f"the results cannot all be kept: {error}"]
    ending = _ending(ended)
    commit, failure = _finish(recording, ending)
    return Executed(recording.name, commit, ended, ending.status, (*recording.notices, *notices), failure)


def _finish(recording: Recording, ending: Ending) -> tuple[Oid | None, GitExpError | None]:
    """The run's commit, or why there is none: what the command did must not be lost over it."""
    try:
        return recording.finish(ending), None
    except GitExpError as error:
        failure = error
    except OSError as error:
        failure = StorageFull(str(error.strerror or error))
    failure.message = f"the end of run {recording.name!r} cannot be written: {failure.message}"
    failure.args = (failure.message,)
    failure.hint = "git exp recover, once it can be: everything logged is kept until then"
    return None, failure


def _ending(ended: spawn.Exit) -> Ending:
    if ended.signal is not None:
        return Ending(Status.KILLED, signal=signal.Signals(ended.signal).name)
    code = ended.shell_code
    return Ending(Status.FINISHED if code == 0 else Status.FAILED, exit_code=code)


def _outer(repo: Repository) -> tuple[str, ...]:
    """The run that this one was started from, if it was."""
    outer = repo.environ.get(RUN_VARIABLE)
    return (os.path.basename(outer),) if outer else ()


def _rewritten(repo: Repository, taken: Snapshot, files: Mapping[str, bytes]) -> Snapshot:
    for path, data in files.items():
        taken = replaced(repo.git, taken, path, data)
    return taken
