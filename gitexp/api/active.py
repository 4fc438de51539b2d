"""Which runs are live in this process, and how they end when it does."""

from __future__ import annotations

import atexit
import builtins
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn

from gitexp.api.run import Run
from gitexp.capture.live import Live
from gitexp.repo import RUN_VARIABLE, TRACE_VARIABLE

_runs: list[Run] = []
_here: ContextVar[tuple[Run, ...]] = ContextVar("gitexp_runs", default=())
_before: dict[str, str | None] = {}
"""What led to the run that this process was started by, while it has runs of its own."""
_process = os.getpid()
_installed = False
_left: tuple[int, int] | None = None
"""The code given to `sys.exit`, and how many rows had been logged by then."""


def current() -> Run | None:
    """The innermost live run of this thread or task, else the newest of the process."""
    for run in (*reversed(_here.get()), *reversed(_runs)):
        if run.active:
            return run
    return None


def enter(run: Run, folder: str) -> None:
    """Make `run` the current one; children that are started find it by its live directory."""
    _install()
    if not _runs:
        _before.update((name, os.environ.get(name)) for name in (RUN_VARIABLE, TRACE_VARIABLE))
    _runs.append(run)
    _here.set((*_here.get(), run))
    _lead_to(folder)


def leave(run: Run) -> None:
    """Forget an ended run; children that are started find the newest one that is left."""
    if run in _runs:
        _runs.remove(run)
    _here.set(tuple(one for one in _here.get() if one is not run))
    if _runs:
        _lead_to(str(_runs[-1].folder))
        return
    for name, value in _before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _lead_to(folder: str) -> None:
    """Let children, and what observes calls of models, find the run with that live directory."""
    os.environ[RUN_VARIABLE] = folder
    os.environ[TRACE_VARIABLE] = str(Live(Path(folder)).traces)


def _install() -> None:
    global _installed
    if _installed:
        return
    _installed = True
    atexit.register(_at_exit)
    sys.excepthook = _note_exception(sys.excepthook)
    sys.exit = _note_exit(sys.exit)
    quitter: Any = type(getattr(builtins, "exit", None))
    if quitter.__module__ == "_sitebuiltins":
        quitter.__call__ = _note_quit(quitter.__call__)
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            _watch(number)


def _at_exit() -> None:
    if os.getpid() != _process:
        return
    # A row that was logged after sys.exit proves that the exit was caught.
    code = _left[0] if _left and _left[1] == _rows() else 0
    for run in reversed(_runs[:]):
        run.finish(exit_code=code or None)


def _rows() -> int:
    return sum(run.rows for run in _runs)


def _note_exception(previous: Callable[..., Any]) -> Callable[..., Any]:
    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if os.getpid() == _process:
            for run in reversed(_runs[:]):
                run.fail(error)
        previous(kind, error, trace)

    return hook


def _note_exit(previous: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
    """`sys.exit` that remembers its code: at exit Python tells nobody what it was."""

    def leave_python(status: Any = None, /) -> NoReturn:
        _note_code(status)
        previous(status)

    return leave_python


def _note_quit(previous: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
    """The same for `exit` and `quit`, which do not call it."""

    def leave_python(quitter: object, code: Any = None) -> NoReturn:
        _note_code(code)
        previous(quitter, code)

    return leave_python


def _note_code(status: Any) -> None:
    global _left
    _left = (status if isinstance(status, int) else int(status is not None), _rows())


def _watch(number: signal.Signals) -> None:
    """End the runs as killed when the signal ends the process; a handler of the program's own stays."""
    if signal.getsignal(number) is not signal.SIG_DFL:
        return

    def handler(received: int, frame: FrameType | None) -> None:
        if os.getpid() == _process:
            for run in reversed(_runs[:]):
                run._kill(number.name)
        # What has died in the midst of a commit is sealed by the next command.
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    signal.signal(number, handler)
