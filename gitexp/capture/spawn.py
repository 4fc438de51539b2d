"""Runs a command so that it cannot tell, nor the person at the terminal, while what it prints is recorded.

Three wirings (see `streams.py`): pipes; a pseudo-terminal for the output alone; a whole pseudo-terminal
session with keyboard.
Signals: see `relay.py`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitexp.capture import relay, streams
from gitexp.capture.keyboard import Keyboard
from gitexp.capture.pump import Pump
from gitexp.capture.streams import OWN, Stdio, Wiring

__all__ = ["OWN", "Exit", "Stdio", "run"]


_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_STOPPED_CODES = (128 + signal.SIGINT, 128 + signal.SIGTERM)
"""With which a shell ends that has started it; with 129 also git does, of itself."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a command ended: by itself with `code`, killed by `signal`, or never started because of `error`."""

    code: int | None = None
    signal: int | None = None
    error: OSError | None = None

    @property
    def shell_code(self) -> int:
        """What a shell reports: 128 + signal; 127 for a command not found, 126 for one that cannot be run."""
        if self.code is not None:
            return self.code
        if self.signal is not None:
            return 128 + self.signal
        return 127 if isinstance(self.error, FileNotFoundError | NotADirectoryError) else 126

    @property
    def stopped(self) -> bool:
        """Whether somebody has stopped it, as Ctrl-C does: it did not come to an end of its own."""
        return self.signal in _STOPPING or self.code in _STOPPED_CODES


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    sink: Callable[[bytes], None] | None,
    stdio: Stdio = OWN,
    close: Sequence[int] = (),
    started: Callable[[int], None] | None = None,
) -> Exit:
    """Run `argv` in `cwd` to its end and return how it ended; `sink` is given all that it prints.

    `started` is called with the process id once it runs; `close` are inheritable descriptors that it must
    not see. Signals
    sent to us go to the child, and we never end before it. A failing `sink` (OSError) is not called again.
    Threads that run
    already must have SIGTERM, SIGHUP, SIGINT and SIGQUIT blocked, or a SIGINT from the keyboard may be told
    apart less well.
    """
    with contextlib.ExitStack() as cleanup:
        unblocked = cleanup.enter_context(relay.hold_signals())
        wiring = cleanup.enter_context(streams.connect(stdio))
        actions = [*wiring.actions, *((os.POSIX_SPAWN_CLOSE, fd) for fd in close)]
        try:
            pid = _start(argv, cwd, environ, actions, wiring.session, unblocked)
        except OSError as error:
            return Exit(error=error)
        wiring.release_child_ends()
        keyboard = Keyboard(wiring.keyboard, stdio.stdin, pid) if wiring.keyboard is not None else None
        cleanup.enter_context(relay.Relay(pid, wiring, keyboard))
        if started is not None:
            started(pid)
        with _pumps(wiring, sink, keyboard):
            return _wait(pid, keyboard)


def _wait(pid: int, keyboard: Keyboard | None) -> Exit:
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED if keyboard else 0)
        if os.WIFSTOPPED(status):
            if keyboard is not None:
                keyboard.suspend()
            continue
        code = os.waitstatus_to_exitcode(status)
        return Exit(code=code) if code >= 0 else Exit(signal=-code)


@contextlib.contextmanager
def _pumps(wiring: Wiring, sink: Callable[[bytes], None] | None, keyboard: Keyboard | None) -> Iterator[None]:
    """Threads that carry the child's output and input; on leaving, what it had printed is delivered first."""
    stop, stopper = os.pipe()
    record = _one_at_a_time(sink)
    threads = [threading.Thread(target=Pump(channel, record, stop).run) for channel in wiring.outputs]
    if keyboard is not None:
        keyboard.enter()
        threads.append(threading.Thread(target=keyboard.forward, args=(stop,)))
    try:
        with relay.all_signals_blocked():
            for thread in threads:
                thread.start()
        yield
    finally:
        os.close(stopper)
        for thread in threads:
            thread.join()
        os.close(stop)
        if keyboard is not None:
            keyboard.leave()


def _one_at_a_time(sink: Callable[[bytes], None] | None) -> Callable[[bytes], None]:
    lock = threading.Lock()

    def record(data: bytes) -> None:
        nonlocal sink
        with lock:
            if sink is None:
                return
            try:
                sink(data)
            except OSError:  # what cannot be recorded must still reach the terminal
                sink = None

    return record


def _start(
    argv: Sequence[str],
    cwd: Path,
    environ: Mapping[str, str],
    actions: Sequence[tuple[int, ...] | tuple[int, int, str, int, int]],
    session: bool,
    unblocked: Collection[int],
) -> int:
    """The process id of `argv`, found in `PATH` of `environ`; a script without `#!` is run by /bin/sh."""
    failure: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), argv[0])

    def spawn(program: str, arguments: list[str]) -> int:
        return os.posix_spawn(
            program,
            arguments,
            environ,
            file_actions=actions,
            setsid=session,
            setsigmask=unblocked,
            setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],  # the two that Python ignores
        )

    with _working_directory(cwd):
        for program in _candidates(argv[0], environ):
            try:
                return spawn(program, list(argv))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                if error.errno == errno.ENOEXEC:
                    return spawn("/bin/sh", ["sh", program, *argv[1:]])
                failure = error
                if error.errno != errno.EACCES:
                    break
    raise failure


def _candidates(command: str, environ: Mapping[str, str]) -> list[str]:
    if "/" in command:
        return [command]
    folders = environ.get("PATH", os.defpath).split(os.pathsep) if command else []
    paths = [os.path.join(folder or ".", command) for folder in folders]
    return [path for path in paths if os.path.exists(path)]  # a failed posix_spawn costs a fork


@contextlib.contextmanager
def _working_directory(path: Path) -> Iterator[None]:
    """posix_spawn has no option for it, but it alone starts a session without Python in a forked child."""
    if os.path.samestat(os.stat(path), os.stat(".")):
        yield
        return
    before = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.chdir(path)
        yield
    finally:
        os.fchdir(before)
        os.close(before)
