"""`git exp run`: a command recorded from start to end."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.capture import console, interpreter, spawn
from gitexp.capture.snapshot import Snapshot, replaced
from gitexp.errors import GitExpError, NoWorkTree, StorageFull, UsageError
from gitexp.formats.fold import merged
from gitexp.git.filters import switched_off
from gitexp.git.process import Git, unplaced
from gitexp.model.calls import Content
from gitexp.model.names import RunName
from gitexp.model.record import Code, Input, Results, Status
from gitexp.model.submodules import altered
from gitexp.model.values import Oid, Value
from gitexp.ops import isolate, params, results
from gitexp.ops.begin import Wish, begin, no_work_tree
from gitexp.ops.committed import from_folder
from gitexp.ops.observing.tracing import Tracing, params_read, trace_mode
from gitexp.ops.recording import Recording
from gitexp.ops.seal import Ending
from gitexp.ops.submodules import Found, find
from gitexp.repo import RUN_VARIABLE, TRACE_VARIABLE, Repository

if TYPE_CHECKING:
    from gitexp.formats.assignment import Assignment
    from gitexp.ops.continuing import Origin


@dataclass(frozen=True, slots=True)
class Source:
    """What is run instead of the working tree, in a worktree of its own."""

    commit: Oid
    """Whose code it is; its record is not part of it."""
    code: Code
    """What is to be noted of that code."""
    params: Mapping[str, Value]
    """The effective ones."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Path relative to the root -> other content than `commit` has there: params files that were edited."""
    cwd: str = "."
    """Where the command runs, relative to the root."""
    trusted: bool = True
    """Whether filters that git has for checking out files may run."""
    linked: bool = True
    """Whether what the project ignores is there, as links to the user's own."""
    parents: tuple[str, ...] = ()
    """Names of the runs that this one comes from."""
    ancestors: tuple[Oid, ...] = ()
    """Their commits, where the new one has them as parents besides its base."""
    unlinked: tuple[str, ...] = ()
    """What of the user's own is not to be linked, for `prepare` puts something else there."""
    prepare: Callable[[Path], Sequence[str]] = lambda root: ()
    """Told the root of the worktree once its files are there; gives notices."""
    inputs: Callable[[Path], Iterable[Input]] = lambda root: ()
    """Told the root after that; what is known of the run's inputs before it begins."""
    submodules: Sequence[Found] = ()
    """Those of `commit`: whoever makes this has looked for them."""


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
    uses: tuple[str, ...] = ()
    """Inputs as ROLE=WHAT."""
    trace: str | None = None
    """How much of what it reads is noted; None for what the person's settings say."""
    isolated: bool = False
    origin: Origin | None = None
    source: Source | None = None
    """None for the working tree as it is."""
    content: Content | None = None
    """What is kept of the texts in spans; None where the settings say that."""
    stdio: spawn.Stdio = spawn.OWN
    """Where its standard streams lead."""


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
    isolated = request.isolated or bool(request.assignments) or request.source is not None
    if repo.layout.top is None and not isolated:
        raise NoWorkTree(
            no_work_tree(repo),
            hint="git exp run --isolated -- CMD runs the code of HEAD in a worktree of its own",
        )
    mode = trace_mode(repo, request.trace)
    effective, changed = _params(repo, request)
    command = params.substitute(request.command, effective)
    recording = begin(repo, _wish(repo, request, effective, changed, command))
    try:
        place = _isolated(repo, recording, request, changed) if isolated else _Place.own(repo)
    except BaseException:
        isolate.remove_worktree(repo, recording.name)
        recording.discard()
        raise
    try:
        files = params_read(repo, _prefix(repo, request), request.param_files)
        recording.tracing = Tracing.of(recording, mode, place.root, files)
        return _run(repo, request, recording, place, command)
    finally:
        if isolated:
            isolate.remove_worktree(repo, recording.name)


def _params(repo: Repository, request: Request) -> tuple[Mapping[str, Value], Mapping[str, bytes]]:
    """The effective params, and the params files that are changed for it."""
    if request.source is not None:
        return request.source.params, request.source.files
    changes = params.change(params.read_params_files(repo, request.param_files), request.assignments)
    effective, _ = merged(request.origin.record.params if request.origin else {}, changes.params)
    return effective, changes.files


def _wish(
    repo: Repository,
    request: Request,
    effective: Mapping[str, Value],
    changed: Mapping[str, bytes],
    command: Sequence[str],
) -> Wish:
    source = request.source
    inputs, notices = told_inputs(repo, request)
    shown = repo.redactor.params(effective)
    assert isinstance(shown, Mapping)
    head = "HEAD" if repo.layout.top is None else None
    return Wish(
        slug=request.slug,
        group=request.group,
        tags=request.tags,
        note=request.note,
        params=effective,
        command=tuple(params.substitute(request.command, shown)),
        parents=(*(source.parents if source else ()), *_outer(repo)),
        interpreter=interpreter.find(command, _folder(repo, source), repo.environ),
        origin=request.origin,
        commit=source.commit if source else head,
        code=source.code if source else None,
        cwd=source.cwd if source else None,
        ancestors=source.ancestors if source else (),
        results=Results(
            _recordable(repo, source, request.metrics_files), _recordable(repo, source, request.outputs)
        ),
        inputs=tuple(inputs),
        notices=tuple(notices),
        content=request.content,
        rewrite=lambda taken: _changing(repo, source, taken, changed),
    )


def told_inputs(repo: Repository, request: Request) -> tuple[list[Input], list[str]]:
    """What the project and the user say of inputs; what is run instead of the working tree has its own."""
    if request.source is not None or not (request.uses or repo.settings.inputs):
        return [], []
    from gitexp.ops.declaring import told

    return told(repo, request.uses)


def _recordable(repo: Repository, source: Source | None, paths: Sequence[str]) -> tuple[str, ...]:
    """Paths relative to the root instead of the folder of the command; those outside of it are left out."""
    prefix = source.cwd if source else repo.layout.prefix
    full = (
        repo.relative(Path(one)) or one if os.path.isabs(one) else os.path.join(prefix, one) for one in paths
    )
    return tuple(one for one in from_folder(list(full), ".") if repo.redactor.text(one) == one)


def _prefix(repo: Repository, request: Request) -> str:
    """The folder of the command, relative to the root."""
    return request.source.cwd if request.source else repo.layout.prefix.rstrip("/") or "."


def _folder(repo: Repository, source: Source | None) -> Path:
    """Where a program with a relative path is looked for: in the user's tree, as no other is there yet."""
    return repo.cwd if source is None else (repo.layout.top or repo.cwd) / source.cwd


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the command runs."""

    root: Path
    cwd: Path
    environ: Mapping[str, str]
    notices: Sequence[str] = ()

    @classmethod
    def own(cls, repo: Repository) -> _Place:
        assert repo.layout.top is not None
        return cls(repo.layout.top, repo.cwd, repo.environ)


def _isolated(
    repo: Repository, recording: Recording, request: Request, changed: Mapping[str, bytes]
) -> _Place:
    start = recording.live.read_start()
    code = start.record.info.code
    source = request.source
    prefix = start.record.info.cwd if source else repo.layout.prefix
    found = source.submodules if source else find(repo, start.head)
    own = altered(start.record.env)
    root = isolate.make_worktree(
        repo,
        recording.name,
        code.base or start.head,
        code.tree,
        linked=isolate.linked_paths(repo, start.record, found) if source is None or source.linked else (),
        outputs=[*_unlinked(repo, request, prefix), *changed],
        submodules=[one for one in found if one.path not in own],
        trusted=source is None or source.trusted,
    )
    tracked = isolate.tracked(repo, code.tree, list(changed))
    isolate.overlay(root, {path: data for path, data in changed.items() if path not in tracked})
    notices = source.prepare(root) if source else ()
    for one in source.inputs(root) if source else ():
        recording.use(one)
    cwd = root / prefix
    cwd.mkdir(parents=True, exist_ok=True)
    return _Place(root, cwd, unplaced(repo.environ), notices)


def _unlinked(repo: Repository, request: Request, prefix: str) -> list[str]:
    outputs = [os.path.normpath(os.path.join(prefix, path)) for path in request.outputs]
    return [*(outputs or repo.settings.outputs), *(request.source.unlinked if request.source else ())]


def _changing(
    repo: Repository, source: Source | None, taken: Snapshot, changed: Mapping[str, bytes]
) -> Snapshot:
    """What is done to the code before it is fixed; of a commit's, its submodules are told as they will be."""
    found = source.submodules if source else None
    if source is None and repo.layout.top is None and taken.base is not None:
        found = find(repo, taken.base)
    if found is not None:
        taken = replace(taken, submodules={one.path: one.value for one in found})
    return _edited(repo, source, taken, changed) if changed else taken


def _run(
    repo: Repository, request: Request, recording: Recording, place: _Place, command: Sequence[str]
) -> Executed:
    expected = results.expect(repo, place.root, place.cwd, request.metrics_files, request.outputs)
    live = recording.live
    environ = {**place.environ, RUN_VARIABLE: str(live.path), TRACE_VARIABLE: str(live.traces)}
    tracing = recording.tracing
    if tracing is not None:
        environ = tracing.environ(environ)
    # A Ctrl-C is for the whole process group: a git that waits to be asked would end of it, too.
    repo.reader.close()
    tee = console.Tee(recording.live.console, repo.config.int("exp.maxConsole", 4 << 20))
    try:
        with tracing.watching() if tracing is not None else nullcontext():
            ended = spawn.run(
                command,
                cwd=place.cwd,
                environ=environ,
                sink=tee.write,
                stdio=request.stdio,
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
    told = (*recording.notices, *place.notices, *notices)
    return Executed(recording.name, commit, ended, ending.status, told, failure)


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


def _edited(repo: Repository, source: Source | None, taken: Snapshot, files: Mapping[str, bytes]) -> Snapshot:
    if source is None or source.trusted:
        return rewritten(repo.git, taken, files)
    # What is cleaned is another person's text.
    with switched_off(repo.git, repo.layout.git_dir) as git:
        return rewritten(git, taken, files)


def rewritten(git: Git, taken: Snapshot, files: Mapping[str, bytes]) -> Snapshot:
    """The snapshot with other content in some of its files."""
    for path, data in files.items():
        taken = replaced(git, taken, path, data)
    return taken
