"""A file read once, by whoever sends it, that never gives its last bytes unless all of them are right."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

from gitexp.artifacts.remote import Moved
from gitexp.artifacts.store import Stored
from gitexp.errors import BrokenRecord


class Checked:
    """Reads `file`, which is at `path`, as `wanted`: `read` raises BrokenRecord before other bytes end.

    So what is cut there is never taken for whole, and no second pass over the file is needed.
    """

    def __init__(self, path: Path, file: BinaryIO, wanted: Stored, moved: Moved) -> None:
        self.path = path
        self._file, self._wanted, self._moved = file, wanted, moved
        self._digest, self._left = hashlib.sha256(), wanted.size

    def __len__(self) -> int:
        return self._wanted.size

    def fileno(self) -> int:
        return self._file.fileno()

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`."""
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._digest.update(data)
        self._left -= len(data)
        if (self._left and not data and size) or (not self._left and not self._is_right()):
            raise BrokenRecord(f"artifact {self._wanted.oid[:12]} is damaged in the local store")
        self._moved(len(data))
        return data

    def _is_right(self) -> bool:
        return self._digest.hexdigest() == self._wanted.oid and not self._file.read(1)
