"""`gitexp.start`, and the module functions that work on the current run."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.api import active
from gitexp.api.ranks import rank
from gitexp.api.run import Run
from gitexp.api.unseen import unseen
from gitexp.api.values import as_mapping
from gitexp.capture import interpreter
from gitexp.capture.span_folder import restrict_content
from gitexp.errors import GitExpError, NotFound, UsageError
from gitexp.formats.fold import merged as merge
from gitexp.formats.plain import plain
from gitexp.model.calls import Content
from gitexp.model.history import Step
from gitexp.model.record import Input
from gitexp.model.values import Scalar
from gitexp.ops.begin import Wish, begin
from gitexp.ops.params import merged, read_params_files
from gitexp.ops.recording import Recording
from gitexp.repo import RUN_VARIABLE, Repository, process_environment

if TYPE_CHECKING:
    from gitexp.ops.continuing import Origin


@unseen()
def start(
    name: str | Callable[..., Any] | None = None,
    *,
    title: str | None = None,
    group: str | None = None,
    tags: Iterable[str] = (),
    note: str | None = None,
    params: Any = None,
    param_files: Iterable[str] = (),
    resume: str | None = None,
    fork: str | None = None,
    all_ranks: bool = False,
    join: bool = True,
    strict: bool = False,
    trace: str | None = None,
    content: str | None = None,
    repository: str | os.PathLike[str] | None = None,
) -> Any:
    """A new live run, whose code is fixed now; use it as it is, as a context manager or as a decorator.

    `name` is the readable part of the run's name. `params` may be a mapping, a namespace, a dataclass or a
    config; without it they are read from `param_files`, or from a params file that is found by its name
    (when the run does not go on from another one).
    `resume` goes on with a run (or from one of its checkpoints, given as commit) under its name, `fork`
    begins a new run from one. In a process that was started by a run (GITEXP_RUN) that run is joined, unless
    `join=False`. `trace` says how much of what the program reads from now on is noted: `off`, `open` (what it
    and Pythons that it starts open) or `inotify`; without it exp.trace does. `content` says what is kept of
    the texts in spans of model calls: `artifact` (all), `hashes` or `none`, and never more than
    `traces.content` in .gitexp.yaml does. Ranks other than 0 of one job get a run that does nothing, unless
    `all_ranks=True`.

    Raises GitExpError where a run cannot be started; afterwards nothing raises unless `strict=True`.
    """
    again = partial(
        start,
        title=title,
        group=group,
        tags=tuple(tags),
        note=note,
        params=params,
        param_files=tuple(param_files),
        resume=resume,
        fork=fork,
        all_ranks=all_ranks,
        join=join,
        strict=strict,
        trace=trace,
        content=content,
        repository=repository,
    )
    kept = _content(content)
    if callable(name):
        return decorated(name, partial(again, name.__name__))
    environ = process_environment()
    outer = environ.get(RUN_VARIABLE)
    goes_on = resume is not None or fork is not None
    here = active.current()
    if here is not None and here.forked and join and not goes_on:
        # A forked worker shares the run of its parent, as a spawned one does.
        if params is not None:
            here.log_params(params)
        if kept is not None and here.folder is not None:
            restrict_content(Path(here.folder), kept)
        return here
    if outer and join and not goes_on and here is None:
        return _join(outer, params, environ, kept, strict=strict, again=partial(again, name))
    if rank(environ) != 0 and not all_ranks:
        known = _silent_params(repository, environ, params, tuple(param_files))
        return Run(None, params=known, again=partial(again, name))
    # Only who records observes.
    from gitexp.api.observing import observe_here
    from gitexp.ops.observing.tracing import params_read, trace_mode

    repo = Repository.open(Path(repository) if repository is not None else None, environ)
    mode = trace_mode(repo, trace)
    origin = _origin(repo, resume, fork)
    given = _params(repo, params, tuple(param_files), inherited=origin is not None)
    inputs, remarks = _declared(repo)
    wish = Wish(
        slug=None if name is None else str(name),
        title=None if title is None else str(title),
        group=None if group is None else str(group),
        tags=tuple(str(tag) for tag in tags),
        note=None if note is None else str(note),
        params=given,
        command=tuple(_command()),
        parents=_outer_runs(outer),
        interpreter=interpreter.current(),
        in_process=True,
        origin=origin,
        inputs=tuple(inputs),
        notices=tuple(remarks),
        content=kept,
    )
    recording = begin(repo, wish)
    read = params_read(repo, repo.layout.prefix, tuple(param_files)) if params is None else ()
    observe_here(recording, mode, os.environ, read)
    for notice in recording.notices:
        _tell(notice)
    known, _ = merge(origin.record.params if origin else {}, given)
    return _activate(
        Run(recording, strict=strict, params=known, again=partial(again, name), on_end=active.leave)
    )


def active_run() -> Run:
    """The current run: the innermost of this thread, else the newest of this process, else the one to join.

    Raises GitExpError where there is none.
    """
    run = active.current()
    if run is not None:
        return run
    if process_environment().get(RUN_VARIABLE):
        joined: Run = start()
        return joined
    raise GitExpError("no run is active", hint="run = gitexp.start()")


def log(values: Mapping[str, Any], step: Step = None, *, at: float | None = None) -> None:
    """`Run.log` on the current run."""
    active_run().log(values, step, at=at)


def log_params(params: Any) -> None:
    """`Run.log_params` on the current run."""
    active_run().log_params(params)


def log_artifact(
    source: str | os.PathLike[str] | bytes,
    name: str | None = None,
    *,
    kind: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    keep: str | None = None,
) -> None:
    """`Run.log_artifact` on the current run."""
    active_run().log_artifact(source, name, kind=kind, metadata=metadata, keep=keep)


def log_text(text: str, name: str = "text.txt") -> None:
    """`Run.log_text` on the current run."""
    active_run().log_text(text, name)


def summary(values: Mapping[str, Scalar]) -> None:
    """Set the final numbers of the current run."""
    active_run().summary.update(values)


def use(role: str, what: Any, *, name: str | None = None, revision: str | None = None) -> None:
    """`Run.use` on the current run."""
    active_run().use(role, what, name=name, revision=revision)


def tag(*tags: str) -> None:
    """`Run.tag` on the current run."""
    active_run().tag(*tags)


def note(text: str) -> None:
    """`Run.note` on the current run."""
    active_run().note(text)


def checkpoint() -> str | None:
    """`Run.checkpoint` on the current run."""
    return active_run().checkpoint()


def finish(*, exit_code: int | None = None) -> None:
    """`Run.finish` on the current run."""
    active_run().finish(exit_code=exit_code)


def _join(
    folder: str,
    params: Any,
    environ: Mapping[str, str],
    kept: Content | None,
    *,
    strict: bool,
    again: Callable[..., Any],
) -> Run:
    """The run that this process was started by."""
    try:
        repo = Repository.of_live(Path(folder), environ)
        recording = Recording.joined(repo, Path(folder))
        if kept is not None:
            restrict_content(recording.live.path, kept)
    except (GitExpError, OSError) as error:
        told = error.hint if isinstance(error, NotFound) else None
        raise GitExpError(f"cannot join the run of {RUN_VARIABLE}: {error}", hint=told) from None
    known = recording.live.read_start().record.params
    run = _activate(Run(recording, strict=strict, params=known, again=again, on_end=active.leave))
    recording.environment(sys.modules)
    if params is not None:
        run.log_params(params)
    return run


def _activate(run: Run) -> Run:
    active.enter(run, str(run.folder))
    return run


def _content(text: str | None) -> Content | None:
    """What is to be kept of texts. Raises UsageError."""
    try:
        return None if text is None else Content(text)
    except ValueError:
        words = ", ".join(one.value for one in Content)
        raise UsageError(f"invalid content {text!r:.80}", hint=f"one of {words}") from None


def _origin(repo: Repository, resume: str | None, fork: str | None) -> Origin | None:
    if resume and fork:
        raise UsageError("a run is either resumed or forked", hint="give only one of resume= and fork=")
    if resume is None and fork is None:
        return None
    from gitexp.ops import continuing

    return continuing.fork(repo, fork) if fork else continuing.resume(repo, resume or "", now=time.time())


def _params(repo: Repository, params: Any, files: tuple[str, ...], *, inherited: bool) -> dict[str, Any]:
    """The params given, or those of files; a run that goes on from another has its params already."""
    if params is not None:
        return as_mapping(params)
    return {} if inherited and not files else merged(read_params_files(repo, files))


def _declared(repo: Repository) -> tuple[list[Input], list[str]]:
    """What the project says of inputs; most say nothing."""
    if not repo.settings.inputs:
        return [], []
    from gitexp.ops.declaring import of_settings

    return of_settings(repo)


def _silent_params(
    repository: str | os.PathLike[str] | None, environ: Mapping[str, str], params: Any, files: tuple[str, ...]
) -> dict[str, Any]:
    """The params that rank 0 has as well, for a rank that records nothing."""
    if params is not None:
        return as_mapping(params)
    repo = Repository.open(Path(repository) if repository is not None else None, environ)
    return merged(read_params_files(repo, files))


def _outer_runs(outer: str | None) -> tuple[str, ...]:
    return (os.path.basename(outer),) if outer else ()


def _command() -> list[str]:
    """How this program was started."""
    return list(getattr(sys, "orig_argv", None) or [sys.executable, *sys.argv])


def _tell(notice: str) -> None:
    import logging

    logging.getLogger("gitexp").info(notice)


def decorated(function: Callable[..., Any], again: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as a run of its own at each call, its arguments as params."""

    @wraps(function)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        with again() as run:
            run.log_params(_arguments(function, args, kwargs))
            return function(*args, **kwargs)

    return recorded


def _arguments(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    import inspect

    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    return {name: plain(value) for name, value in bound.arguments.items()}
