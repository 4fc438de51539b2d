"""Carries one output of the child to where it would have gone, and to the record."""

from __future__ import annotations

import os
import select
import stat
import time
from collections.abc import Callable

from gitexp.capture.streams import Channel

_CHUNK = 1 << 18
_GRACE = 0.3
"""Seconds after the child's end during which what its own children print is still waited for."""
_BACKLOG = 1 << 20
"""As much may be in a pipe when the child ends; it is delivered however slow our reader is."""


class Pump:
    """To be run in a thread, until the output ends, its target breaks, or soon after `stop` is readable."""

    def __init__(self, channel: Channel, record: Callable[[bytes], None], stop: int) -> None:
        self._channel = channel
        self._record = record
        self._stop = stop
        self._broken = False
        self._poll = select.poll()
        self._poll.register(channel.source, select.POLLIN)
        self._poll.register(stop, select.POLLIN)
        if _reports_readers(channel.target):
            self._poll.register(channel.target, 0)

    def run(self) -> None:
        source, target = self._channel.source, self._channel.target
        while True:
            ready = dict(self._poll.poll())
            if target in ready:
                self._lose_target()
            if self._broken and not self._channel.terminal:
                break
            if source in ready and not self._carry():
                break
            if self._stop in ready:
                self._drain()
                break
        self._close_source()

    def _carry(self) -> int:
        """How many bytes went on; 0 at the end of the output."""
        try:
            data = os.read(self._channel.source, _CHUNK)
        except OSError:  # EIO: nobody holds the pseudo-terminal's other end
            return 0
        if not data:
            return 0
        # Recorded first: what anybody saw is kept, even if we are killed in between.
        self._record(data)
        if not self._broken and not _write_all(self._channel.target, data):
            self._broken = True
        return len(data)

    def _drain(self) -> None:
        """What the child left behind, though somebody else may still hold the other end and go on writing."""
        self._poll.unregister(self._stop)
        deadline = time.monotonic() + _GRACE
        carried = 0
        # What was written to a pipe is there at once; the kernel hands on a pseudo-
        # terminal's bytes a moment later.
        patience = 50 if self._channel.terminal else 0
        while carried < _BACKLOG or time.monotonic() < deadline:
            ready = dict(self._poll.poll(patience))
            if self._channel.source not in ready:
                return
            count = self._carry()
            if count == 0 or (self._broken and not self._channel.terminal):
                return
            carried += count

    def _lose_target(self) -> None:
        """Who read our output has gone: the child is to notice too, but what it has said already is kept."""
        self._broken = True
        self._poll.unregister(self._channel.target)
        if not self._channel.terminal and self._stop not in dict(self._poll.poll(0)):
            self._poll.unregister(self._stop)
            carried = 0
            while carried < _BACKLOG and self._poll.poll(0) and (count := self._carry()):
                carried += count

    def _close_source(self) -> None:
        """The child gets SIGPIPE or EPIPE from now on; the descriptor stays taken until the run ends."""
        if not self._channel.terminal:
            with open(os.devnull, "rb") as nothing:
                os.dup2(nothing.fileno(), self._channel.source, inheritable=False)


def _reports_readers(fd: int) -> bool:
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _write_all(fd: int, data: bytes) -> bool:
    """Whether all of it could be written; waits where whoever shares the descriptor made it non-blocking."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(fd, rest) :]
        except BlockingIOError:
            select.select([], [fd], [])
        except OSError:
            return False
    return True
