"""Hashes of files that were hashed before: by path, size, time of change and inode."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitexp.artifacts.store import Stored, digest_file
from gitexp.model.values import Digest

_WORTHWHILE = 1 << 20
"""Bytes below which hashing is cheaper than remembering."""
_MAX_ENTRIES = 10_000
_RACY_SECONDS = 2.0


@dataclass
class DigestCache:
    """A deletable file that remembers hashes; a damaged one counts as empty."""

    file_path: Path
    _known: dict[str, Any] | None = field(default=None, init=False)

    def file(self, path: Path) -> Stored:
        """The sha256 and size of a file, hashed again only if it changed. Raises OSError."""
        stat = path.stat()
        if stat.st_size < _WORTHWHILE:
            return digest_file(path)
        mark = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
        known = self._load().get(str(path.absolute()))
        if known and known[:-1] == mark:
            return Stored(Digest(known[-1]), stat.st_size)
        found = digest_file(path)
        # A file that was just written may change again without a newer time stamp.
        if time.time() - stat.st_mtime > _RACY_SECONDS:
            self._remember(str(path.absolute()), [*mark, found.oid])
        return found

    def _load(self) -> dict[str, Any]:
        if self._known is None:
            try:
                loaded = json.loads(self.file_path.read_bytes())
            except (OSError, ValueError):
                loaded = {}
            self._known = loaded if isinstance(loaded, dict) else {}
        return self._known

    def _remember(self, key: str, value: list[Any]) -> None:
        known = self._load()
        known[key] = value
        while len(known) > _MAX_ENTRIES:
            del known[next(iter(known))]
        temporary = self.file_path.with_name(f".digests-{os.getpid()}")
        try:
            self.file_path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(known))
            temporary.replace(self.file_path)
        except OSError:
            pass
