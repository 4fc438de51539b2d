"""A time limit for a process that leads a session of its own, and for all that it started."""

from __future__ import annotations

import os
import signal
from types import FrameType


def limit(seconds: float, message: str) -> None:
    """From now on so many seconds may pass, 0 for any number; then all it started ends, and RemoteError is
    raised."""

    def give_up(number: int, frame: FrameType | None) -> None:
        from gitexp.errors import RemoteError

        before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)
        signal.signal(signal.SIGTERM, before)
        raise RemoteError(message)

    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
