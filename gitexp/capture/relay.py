"""Signals that reach us while a child runs: they are the child's."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import TracebackType

from gitexp.capture.keyboard import Keyboard
from gitexp.capture.streams import Wiring

_FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
_WATCHED = (*_FORWARDED, signal.SIGWINCH, signal.SIGCONT)
_ALL = signal.valid_signals()
_SIGWAITINFO = getattr(signal, "sigwaitinfo", None)  # macOS has none


@contextlib.contextmanager
def hold_signals() -> Iterator[set[int]]:
    """Nothing interrupts us until the child is there to get it. Yields the mask that the child is to have."""
    if _SIGWAITINFO is None:
        yield signal.pthread_sigmask(signal.SIG_BLOCK, ())
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    try:
        yield before
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def all_signals_blocked() -> Iterator[None]:
    """For starting threads that must not be chosen to handle a signal: job control is the main thread's."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ALL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Relay:
    """While entered, hands signals on to the child, each once.

    A thread waits for them with sigwaitinfo, which tells a signal of the terminal's driver (the child got
    that one too, being in
    the same job) from one that somebody sent to us alone. Python's own handlers are the net below, for
    where there is
    no sigwaitinfo, and for signals that a thread caught which had not blocked them.
    """

    def __init__(self, pid: int, wiring: Wiring, keyboard: Keyboard | None) -> None:
        self._pid = pid
        self._wiring = wiring
        self._keyboard = keyboard
        self._ended = False
        self._threads: list[threading.Thread] = []
        self._handlers: dict[int, object] = {}

    def __enter__(self) -> Relay:
        self._caught, self._catcher = os.pipe()
        os.set_blocking(self._catcher, False)
        if threading.current_thread() is threading.main_thread():
            self._install()
        with all_signals_blocked():
            self._thread(self._read_caught)
            if _SIGWAITINFO is not None:
                self._thread(self._wait_blocked)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        if self._handlers:
            signal.set_wakeup_fd(self._wakeup)
            for number, handler in self._handlers.items():
                signal.signal(number, handler)  # type: ignore[arg-type]
        os.close(self._catcher)
        for thread in self._threads[1:]:
            assert thread.ident is not None
            signal.pthread_kill(thread.ident, signal.SIGWINCH)
        for thread in self._threads:
            thread.join()
        os.close(self._caught)

    def _install(self) -> None:
        self._wakeup = signal.set_wakeup_fd(self._catcher, warn_on_full_buffer=False)
        for number in _WATCHED:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._handlers[number] = signal.signal(number, _do_nothing) or signal.SIG_DFL

    def _thread(self, target: object) -> None:
        thread = threading.Thread(target=target, daemon=True)  # type: ignore[arg-type]
        thread.start()
        self._threads.append(thread)

    def _wait_blocked(self) -> None:
        assert _SIGWAITINFO is not None
        while not self._ended:
            info = _SIGWAITINFO(_WATCHED)
            if not self._ended:
                self._pass_on(info.si_signo, from_terminal=info.si_code > 0)

    def _read_caught(self) -> None:
        while numbers := os.read(self._caught, 256):
            for number in numbers:
                if number in _WATCHED:
                    self._pass_on(
                        number, from_terminal=number in (signal.SIGINT, signal.SIGQUIT) and _in_foreground()
                    )

    def _pass_on(self, number: int, *, from_terminal: bool) -> None:
        if number == signal.SIGWINCH:
            self._wiring.resize()
        elif number == signal.SIGCONT:
            if self._keyboard is not None:
                self._keyboard.resume()
                self._wiring.resize()
        elif self._keyboard is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._pid, number)
        elif not from_terminal:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, number)


def _in_foreground() -> bool:
    """Whether Ctrl-C at our terminal reaches our whole job."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _do_nothing(number: int, frame: object) -> None:
    """Being there is enough: the number goes to the descriptor of signal.set_wakeup_fd."""
