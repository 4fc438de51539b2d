"""Locks, and who holds them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from gitexp.capture.liveness import Lock


def _code_of_child(act: Callable[[], bool]) -> int:
    """0 where `act` was true in a forked child."""
    child = os.fork()
    if child == 0:
        code = 2
        try:
            code = 0 if act() else 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_forked_child_leaves_files_alone_that_got_the_descriptor(tmp_path: Path) -> None:
    lock = Lock.take(tmp_path / "lock")
    assert lock is not None
    other, inner = tmp_path / "other", tmp_path / "inner"
    other.touch()

    def act() -> bool:
        assert lock is not None
        os.utime(other, (1, 1))
        # The child has let go of the lock, so that its number is free.
        descriptor = os.open(other, os.O_RDWR)
        lock.beat()
        lock.release()
        unharmed = descriptor == lock.descriptor and os.fstat(descriptor).st_mtime == 1
        os.close(descriptor)
        # A lock of its own under the same number is not let go of by the inherited one either.
        own = Lock.take(inner)
        assert own is not None
        lock.release()
        return unharmed and Lock.take(inner) is None

    with lock:
        assert _code_of_child(act) == 0
