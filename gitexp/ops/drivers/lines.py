"""The merge of texts line by line, which is git's own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

from gitexp.git.process import Git


class Texts(NamedTuple):
    """A file as it was, and what two sides made of it."""

    base: bytes
    ours: bytes
    theirs: bytes

    @property
    def as_sources(self) -> tuple[bytes, ...]:
        """The order in which they are asked how a value is spelled: who changed it comes first."""
        return self.theirs, self.ours, self.base


def merge_lines(git: Git, texts: Texts) -> bytes | None:
    """What git makes of them; None where it finds a conflict or cannot merge them. Raises OSError."""
    with tempfile.TemporaryDirectory(prefix="gitexp-") as folder:
        places = [Path(folder) / name for name in Texts._fields]
        for place, text in zip(places, texts, strict=True):
            place.write_bytes(text)
        base, ours, theirs = map(str, places)
        result = git.run("merge-file", "-p", "-q", ours, base, theirs, check=False)
    return result.stdout if result.code == 0 else None
