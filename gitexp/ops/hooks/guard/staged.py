"""What is about to be committed: the index that git hands to its hook, against HEAD."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gitexp.formats.settings import FILE, Settings, parse
from gitexp.git.process import Git
from gitexp.git.reachable import headers
from gitexp.git.read_catfile import CatFileReader
from gitexp.git.reader import LIMIT
from gitexp.model.values import Oid
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class File:
    """A file that HEAD has not, or not so."""

    path: str
    oid: Oid
    size: int
    before: int | None
    """Its size in HEAD; None where it is new."""

    @property
    def unstaging(self) -> str:
        """The command that leaves it out of the commit."""
        verb = "git rm --cached" if self.before is None else "git restore --staged"
        return f"{verb} -- {shlex.quote(self.path)}"


@dataclass(frozen=True, slots=True)
class Staged:
    """All that is looked at."""

    git: Git
    """git with that index."""
    reader: CatFileReader
    files: tuple[File, ...]
    """Links and submodules are none."""
    settings: Settings

    def read(self, path: str) -> bytes | None:
        """A file as it is staged, also where HEAD has it so; None where there is none."""
        found = self.reader.lookup(f":{path}")
        return self.reader.read(found)[1] if found else None


@contextmanager
def staged(repo: Repository) -> Iterator[Staged]:
    """Raises GitError; BrokenFile where the staged `.gitexp.yaml` cannot be read."""
    git = repo.git.within({"GIT_INDEX_FILE": str(repo.layout.index_file), "GIT_OPTIONAL_LOCKS": "0"})
    with CatFileReader(git, repo.layout.object_format, LIMIT) as reader:
        found = Staged(git, reader, tuple(_files(git)), Settings())
        settings = found.read(FILE)
        yield Staged(git, reader, found.files, parse(settings) if settings is not None else Settings())


_DIFF = (
    *("diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-relative"),
    *("--ignore-submodules=all", "--diff-filter=AMT"),
)


def _files(git: Git) -> Iterator[File]:
    """One question for what has changed, and one for how large it is."""
    words = git.run(*_DIFF).stdout.split(b"\0")
    changed = list(zip(words[::2], words[1::2], strict=False))
    parts = [(meta.decode("ascii").split(" "), os.fsdecode(path)) for meta, path in changed]
    plain = [(meta[2], meta[3], path) for meta, path in parts if meta[1].startswith("100")]
    sizes = headers(git, [Oid(oid) for pair in plain for oid in pair[:2] if oid.strip("0")])
    for before, now, path in plain:
        _, size = sizes.get(Oid(now), ("", 0))
        yield File(path, Oid(now), size, sizes[Oid(before)][1] if Oid(before) in sizes else None)
