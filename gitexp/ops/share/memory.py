"""Words that were noted once, in a file of lines that only grows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class Memory:
    """What was noted in `path`; nothing, where that cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self.words = set(path.read_text("ascii").split())
        except (FileNotFoundError, UnicodeDecodeError):
            self.words = set()

    def add(self, words: Iterable[str]) -> None:
        """Raises OSError."""
        fresh = sorted(set(words) - self.words)
        if not fresh:
            return
        self.words.update(fresh)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="ascii") as file:
            file.write("".join(f"\n{word}" for word in fresh))

    def forget(self) -> None:
        """Raises OSError."""
        self.words.clear()
        self._path.unlink(missing_ok=True)
