"""Hashes of files that were hashed before: by path, size, times, inode and device."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from gitexp.artifacts.folders import files_below, identity
from gitexp.artifacts.store import Stored, digest_file
from gitexp.model.values import Digest
from gitexp.sharing import make_folder, share

_WORTHWHILE = 1 << 20
"""Bytes below which hashing is cheaper than remembering."""
_MAX_ENTRIES = 10_000
_RACY_SECONDS = 2.0
"""How coarse the times of a file may be: FAT has them in steps of two seconds."""

Seen: TypeAlias = tuple[int, ...]
"""What changes when a file is written to."""


@dataclass
class DigestCache:
    """A deletable file that remembers hashes, a JSON list on each line; a damaged line counts for nothing.

    Several processes may add to it at once, each line in one write.
    """

    file_path: Path
    _known: dict[str, list[Any]] | None = field(default=None, init=False)
    _lines: int = field(default=0, init=False)

    def of(self, path: Path) -> Stored:
        """The identity and size of a file or a folder. Raises OSError."""
        return self.folder(path) if path.is_dir() else self.file(path)

    def file(self, path: Path) -> Stored:
        """The sha256 and size of a file, hashed again only if it changed. Raises OSError."""
        if path.stat().st_size < _WORTHWHILE:
            return digest_file(path)
        known = self.known(path)
        if known is not None:
            return known
        seen = self.look(path)
        found = digest_file(path)
        self.remember(path, seen, found)
        return found

    def folder(self, path: Path) -> Stored:
        """One identity for a folder, as `identity` tells; sizes summed. Raises OSError."""
        found = [(self.file(file), file.relative_to(path).as_posix()) for file in files_below(path)]
        return Stored(identity((one.oid, name) for one, name in found), sum(one.size for one, _ in found))

    def known(self, path: Path) -> Stored | None:
        """The sha256 and size of a file that has not changed since they were remembered. Raises OSError."""
        seen = self.look(path)
        if seen is None:
            return None
        known = self._load().get(str(path.absolute()))
        return Stored(Digest(known[-1]), seen[0]) if known and tuple(known[:-1]) == seen else None

    def look(self, path: Path) -> Seen | None:
        """How a file looks before it is read, for `remember`. Raises OSError.

        None for one that was changed just now: it may be changed again without looking different. Its
        times may be set back, except that of its inode.
        """
        found = path.stat()
        if time.time() - max(found.st_mtime, found.st_ctime) <= _RACY_SECONDS:
            return None
        return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)

    def remember(self, path: Path, seen: Seen | None, stored: Stored) -> None:
        """Note the hash of a file that looked so before it was read; changed meanwhile it looks otherwise."""
        if seen is None:
            return
        entry = [*seen, str(stored.oid)]
        known = self._load()
        known.pop(str(path.absolute()), None)  # the newest stand last
        known[str(path.absolute())] = entry
        self._lines += 1
        try:
            if self._lines > 2 * _MAX_ENTRIES:
                self._compact()
            else:
                self._append(_line(str(path.absolute()), entry))
        except OSError:
            pass

    def _load(self) -> dict[str, list[Any]]:
        if self._known is None:
            try:
                lines = self.file_path.read_bytes().splitlines()
            except OSError:
                lines = []
            self._known, self._lines = dict(filter(None, map(_entry, lines))), len(lines)
        return self._known

    def _append(self, line: bytes) -> None:
        make_folder(self.file_path.parent)
        with self.file_path.open("ab", buffering=0) as file:
            share(self.file_path)
            file.write(line)

    def _compact(self) -> None:
        """Write the newest entries anew; what others add at that moment is hashed once more."""
        kept = list(self._load().items())[-_MAX_ENTRIES:]
        temporary = self.file_path.with_name(f".{self.file_path.name}-{os.getpid()}")
        temporary.write_bytes(b"".join(_line(path, entry) for path, entry in kept))
        share(temporary)
        temporary.replace(self.file_path)
        self._known, self._lines = dict(kept), len(kept)


def _line(path: str, entry: list[Any]) -> bytes:
    return json.dumps([path, *entry]).encode() + b"\n"


def _entry(line: bytes) -> tuple[str, list[Any]] | None:
    try:
        path, *entry = json.loads(line)
    except (ValueError, TypeError):
        return None
    return (path, entry) if isinstance(path, str) and len(entry) == 6 else None
