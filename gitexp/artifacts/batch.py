"""Many files put into a store and made durable together: two syncs for all of them, not four for each."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from threading import Lock

from gitexp.artifacts.store import ArtifactStore, Stored

_FEW = 4
"""Files that are synced one by one: what else is to be written to the disk is not waited for."""


class Batch:
    """Whole files beside a store, which are in it once they were published. Threads may add at once."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._files: list[tuple[Path, Stored]] = []
        self._lock = Lock()

    def add(self, path: Path, stored: Stored) -> None:
        """A file whose bytes were found to be `stored`, or are still on their way to the disk."""
        with self._lock:
            self._files.append((path, stored))

    def publish(self) -> None:
        """Move all of them in, durably. Raises OSError; those that were not moved are left."""
        with self._lock:
            files, self._files = self._files, []
        if len(files) <= _FEW or not _sync_all(files[0][0].parent):
            for path, stored in files:
                _sync_file(path)
                self._store.adopt(path, stored)
            return
        for path, stored in files:
            self._store.adopt(path, stored, sync=False)
        _sync_all(self._store.root)


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_all(folder: Path) -> bool:
    """Whether everything on the folder's file system was made durable: only Linux can do that for one."""
    if sys.platform != "linux":
        return False
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        return bool(ctypes.CDLL(None).syncfs(descriptor) == 0)
    finally:
        os.close(descriptor)
