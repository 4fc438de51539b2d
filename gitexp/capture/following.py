"""A journal followed while it is written: what was added since the last look."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitexp.capture.journal import SUFFIX
from gitexp.formats import rows


@dataclass
class Follower:
    """Reads each row of the journal in `folder` once, whichever process wrote it."""

    folder: Path
    _read: dict[str, int] = field(default_factory=dict)
    """Bytes of each file that were read."""

    def added(self) -> list[list[Any]]:
        """The rows that are new since the last call, those of several files put together by time."""
        found = [self._added(path) for path in sorted(self.folder.glob(f"*{SUFFIX}"))]
        return list(heapq.merge(*found, key=lambda row: row[1]))

    def _added(self, path: Path) -> list[list[Any]]:
        begin = self._read.get(path.name, 0)
        with path.open("rb") as file:
            file.seek(begin)
            data = file.read()
        whole = data.rfind(b"\n") + 1
        self._read[path.name] = begin + whole
        return [row for row in rows.decode(data[:whole]).rows if row[0] != "h"]
