"""Which runs have been on a remote: one that is there no more was removed there, and stays so.

`.git/exp/outbox/<address>.seen`, a name a line. Losing the file sends such a run again: nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gitexp.git.remotes import Remote
from gitexp.ops.share.outbox import outbox_file
from gitexp.repo import Repository


class Seen:
    """The names, as they are called here, of runs that a remote has or had."""

    def __init__(self, repo: Repository, remote: Remote) -> None:
        # A remote that is somewhere else now has had nothing.
        self._path: Path = outbox_file(repo, remote.push_url, "seen")
        try:
            self.names = set(self._path.read_text("ascii").split())
        except (FileNotFoundError, UnicodeDecodeError):
            self.names = set()

    def add(self, names: Iterable[str]) -> None:
        """They are there now. Raises OSError."""
        fresh = sorted(set(names) - self.names)
        if not fresh:
            return
        self.names.update(fresh)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="ascii") as file:
            file.write("".join(f"\n{name}" for name in fresh))
