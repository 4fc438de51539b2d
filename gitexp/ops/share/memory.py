"""Words that were noted once, in a file of lines that only grows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gitexp.sharing import make_folder, share


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
        make_folder(self._path.parent)
        with self._path.open("a", encoding="ascii") as file:
            share(self._path)
            file.write("".join(f"\n{word}" for word in fresh))

    def forget(self) -> None:
        """Raises OSError."""
        self.words.clear()
        self._path.unlink(missing_ok=True)
