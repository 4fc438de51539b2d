"""What was written, waited for until a power cut cannot take it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

_MANY = 16
"""Files from which on the whole file system is waited for: once, instead of once for each."""


def sync(path: Path) -> None:
    """Wait for a file, or for the names in a folder. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(paths: Sequence[Path]) -> None:
    """Wait for files and folders of one file system. Raises OSError."""
    if len(paths) >= _MANY and sync_file_system(paths[0]):
        return
    for path in paths:
        sync(path)


def sync_file_system(path: Path) -> bool:
    """Whether the system can wait for all that was written to the file system of `path`, and has."""
    syncfs = _syncfs()
    if syncfs is None:
        return False
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if syncfs(descriptor) != 0:
            import ctypes

            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(path))
    finally:
        os.close(descriptor)
    return True


def can_sync_file_system() -> bool:
    """Whether `sync_file_system` does anything: Linux has what it takes."""
    return _syncfs() is not None


def _syncfs() -> Callable[[int], int] | None:
    import ctypes

    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    return found
