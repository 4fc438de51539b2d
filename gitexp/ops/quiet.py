"""Recording and gc kept apart: while a run's code is brought into git, gc takes no object away."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from gitexp.capture.liveness import Lock
from gitexp.errors import GitExpError
from gitexp.repo import Repository
from gitexp.sharing import make_folder, share

_LOCK = "collecting"
PATIENCE = 10.0
"""Seconds that gc waits for runs that are just starting."""


@contextmanager
def storing(repo: Repository) -> Iterator[None]:
    """For whoever relies on objects that are in the repository before a ref points to them."""
    # On a file system without locks a run is recorded all the same.
    with _lock(repo, fcntl.LOCK_SH) or nullcontext():
        yield


@contextmanager
def collecting(repo: Repository) -> Iterator[None]:
    """For gc, alone. Raises GitExpError where that cannot be had."""
    deadline = time.monotonic() + PATIENCE
    while (lock := _lock(repo, fcntl.LOCK_EX | fcntl.LOCK_NB)) is None:
        if time.monotonic() > deadline:
            raise GitExpError("a run is just starting, or another gc is at work", hint="git exp gc")
        time.sleep(0.05)
    with lock:
        yield


def _lock(repo: Repository, how: int) -> Lock | None:
    make_folder(repo.home)
    descriptor = os.open(repo.home / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    share(repo.home / _LOCK, descriptor)
    try:
        fcntl.flock(descriptor, how)
    except OSError:
        os.close(descriptor)
        return None
    return Lock(descriptor)
