"""What an apply is going to do, put together before anything is done."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from gitexp.errors import BrokenFile, BrokenRecord, UsageError
from gitexp.ops.apply.backup import Backup, is_plain
from gitexp.ops.apply.states import File, Link, Other, State, look, state_of


@dataclass(slots=True)
class Plan:
    """Which files are to be written or removed. What is planned later for a path wins."""

    top: Path
    kept: Backup
    files: dict[str, Path | None] = field(default_factory=dict)
    """Path -> the new file in the staging folder, or None where the file is to go."""
    told: list[str] = field(default_factory=list)
    """What a person should know."""

    def read(self, path: str) -> bytes | None:
        """The content of a params file as it would be; None where there is none. Raises BrokenFile."""
        if not is_plain(path):
            raise BrokenFile(f"params file '{path}' is outside the repository")
        full = self.files.get(path, self.top / path)
        now = state_of(full) if path in self.files and full else look(self.top, path)
        if isinstance(now, Link):
            raise BrokenFile(f"params file '{path}' is a link", hint=f"edit {now.target} by hand")
        return full.read_bytes() if full and isinstance(now, File) else None

    def write(self, path: str, fill: Callable[[BinaryIO], object]) -> None:
        """Have `fill` write the file that is to be at `path`; it keeps the permissions of the one there.

        Raises BrokenRecord for a path that leads out of the working tree, or into git's own.
        """
        if not is_plain(path):
            raise BrokenRecord(f"invalid path '{path}'")
        now = look(self.top, path)
        staged = self.kept.staged_file(len(self.files))
        with staged.open("xb") as file:
            fill(file)
        if isinstance(now, File):
            staged.chmod(now.mode)
        self.files[path] = staged

    def afters(self) -> dict[str, State]:
        """What is to stand at each path; the staged files are in the backup from then on."""
        return {path: self._after(path, staged) for path, staged in self.files.items()}

    def _after(self, path: str, staged: Path | None) -> State:
        found = state_of(staged) if staged else None
        if isinstance(found, File) and staged:
            self.kept.adopt(staged, found.sha256)
        if isinstance(found, Other):
            raise UsageError(f"'{path}' cannot be brought here: {os.fspath(staged or '')}")
        return found
