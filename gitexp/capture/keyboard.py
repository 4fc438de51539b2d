"""The terminal's keyboard, while the child sits at a pseudo-terminal of its own."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import threading
from pathlib import Path

_LFLAG, _CC = 3, 6
_BACKGROUND = 200
"""Milliseconds between two looks whether we were brought to the foreground; nothing tells a process that."""


class Keyboard:
    """Our terminal in raw mode, and what is typed handed to the child; in the foreground only."""

    def __init__(self, pseudo_terminal: int, terminal: int, pid: int) -> None:
        self._to = pseudo_terminal
        self._terminal = terminal
        self._pid = pid
        self._saved: list[int | list[bytes | int]] | None = None
        self._lock = threading.Lock()
        # In the background the terminal has the modes of the shell's line editor, not those for a command.
        self._modes_known = self._in_foreground()

    def enter(self) -> None:
        """Raw mode, when the terminal is ours: signals, echo and editing are the pseudo-terminal's then."""
        with self._lock, contextlib.suppress(termios.error):
            if self._saved is None and self._in_foreground():
                saved = termios.tcgetattr(self._terminal)
                if not self._modes_known:
                    termios.tcsetattr(self._to, termios.TCSANOW, saved)
                    self._modes_known = True
                termios.tcsetattr(self._terminal, termios.TCSANOW, _raw(termios.tcgetattr(self._terminal)))
                self._saved = saved

    def leave(self) -> None:
        """The terminal as it was."""
        with self._lock, contextlib.suppress(termios.error):
            saved, self._saved = self._saved, None
            if saved is not None and self._in_foreground():
                termios.tcsetattr(self._terminal, termios.TCSANOW, saved)

    def suspend(self) -> None:
        """The child was stopped: stop too, with everybody in our job, until the shell continues us."""
        self.leave()
        os.kill(0, signal.SIGTSTP)  # returns when continued, or at once where no shell could continue us
        self.resume()

    def resume(self) -> None:
        self.enter()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGCONT)

    def forward(self, stop: int) -> None:
        """Hand on what is typed until `stop` becomes readable."""
        watched = select.poll()
        watched.register(stop, select.POLLIN)
        while True:
            foreground = self._in_foreground()
            if foreground:
                self.enter()
                watched.register(self._terminal, select.POLLIN)
            ready = dict(watched.poll(None if foreground else _BACKGROUND))
            if foreground:
                watched.unregister(self._terminal)
            if stop in ready:
                return
            if self._terminal in ready and self._in_foreground() and not self._hand_on():
                return

    def _hand_on(self) -> bool:
        try:
            typed = os.read(self._terminal, 4096)
        except OSError:  # hung up, or put into the background just now
            return not self._in_foreground()
        if not typed:
            return False
        with contextlib.suppress(OSError):
            os.write(self._to, typed)
        if self._asks_to_stop(typed):
            # The child leads its session, so nobody could continue it, and the kernel
            # makes nothing of the SIGTSTP.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._pid, signal.SIGSTOP)
        return True

    def _asks_to_stop(self, typed: bytes) -> bool:
        try:
            modes = termios.tcgetattr(self._to)
            mine = os.tcgetpgrp(self._to) == self._pid
        except (OSError, termios.error):
            return False
        return (
            bool(modes[_LFLAG] & termios.ISIG)
            and mine
            and modes[_CC][termios.VSUSP] in typed
            and _stoppable(self._pid)
        )

    def _in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self._terminal) == os.getpgrp()
        except OSError:  # not our controlling terminal: nobody will stop us for using it
            return True


def _raw(modes: list[int | list[bytes | int]]) -> list[int | list[bytes | int]]:
    """termios(3), cfmakeraw; unlike tty.setraw nothing typed before is thrown away."""
    iflag, oflag, cflag, lflag, ispeed, ospeed, cc = modes
    assert isinstance(iflag, int)
    assert isinstance(oflag, int)
    assert isinstance(cflag, int)
    assert isinstance(lflag, int)
    assert isinstance(cc, list)
    iflag &= ~(termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP | termios.INLCR)
    iflag &= ~(termios.IGNCR | termios.ICRNL | termios.IXON)
    oflag &= ~termios.OPOST
    lflag &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN)
    cflag = cflag & ~(termios.CSIZE | termios.PARENB) | termios.CS8
    cc[termios.VMIN], cc[termios.VTIME] = 1, 0
    return [iflag, oflag, cflag, lflag, ispeed, ospeed, cc]


def _stoppable(pid: int) -> bool:
    """Whether SIGTSTP would stop the process; where that cannot be seen, yes."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return True
    bit = 1 << (signal.SIGTSTP - 1)
    return not any(
        int(line.split()[1], 16) & bit for line in lines if line.startswith(("SigIgn:", "SigCgt:"))
    )
