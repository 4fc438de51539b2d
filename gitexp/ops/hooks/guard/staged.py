"""What is about to be committed: the index that git hands to its hook, against HEAD."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from gitexp.errors import BrokenFile, GitExpError
from gitexp.formats.settings import FILE, Settings, parse
from gitexp.git.process import Git
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
    """Its size in HEAD, under whatever name; None where it is new."""

    @property
    def shown(self) -> str:
        """The path as git commands take it in every folder: git runs its hooks in the root, and people type
        elsewhere."""
        # What does not begin as names mostly do could be another of the letters after that colon.
        plain = self.path[0].isalnum() or self.path[0] == "."
        return shlex.quote(f"{':/' if plain else ':/:'}{self.path}")

    @property
    def unstaging(self) -> str:
        """The command that leaves it out of the commit."""
        verb = "git rm --cached" if self.before is None else "git restore --staged"
        return f"{verb} -- {self.shown}"


@dataclass(frozen=True, slots=True)
class Staged:
    """All that is looked at."""

    git: Git
    """git with that index."""
    reader: CatFileReader
    files: tuple[File, ...]
    """Links and submodules are none."""
    settings: Settings
    broken: GitExpError | None = None
    """Why the staged settings cannot be read; the usual ones hold then: nothing is let through for it."""

    def read(self, path: str) -> bytes | None:
        """A file as it is staged, also where HEAD has it so; None where there is none."""
        found = self.reader.lookup(f":{path}")
        return self.reader.read(found)[1] if found else None


@contextmanager
def staged(repo: Repository) -> Iterator[Staged]:
    """Raises GitError."""
    git = repo.git.within({"GIT_INDEX_FILE": str(repo.layout.index_file), "GIT_OPTIONAL_LOCKS": "0"})
    with CatFileReader(git, repo.layout.object_format, LIMIT) as reader:
        found = Staged(git, reader, tuple(_files(git, reader, repo.layout.git_dir)), Settings())
        yield _with_settings(found)


def _with_settings(found: Staged) -> Staged:
    data = found.read(FILE)
    try:
        return replace(found, settings=parse(data)) if data is not None else found
    except BrokenFile as error:
        return replace(found, broken=error)


_DIFF = (
    *("diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-relative"),
    "--ignore-submodules=all",
)


class _Change(NamedTuple):
    """What stands at a path in HEAD and in the index; zeros for nothing."""

    mode: str
    before: Oid
    now: Oid
    path: str


def _files(git: Git, reader: CatFileReader, git_dir: Path) -> Iterator[File]:
    """One question for what has changed, and one for how large it is."""
    changes = _changes(git)
    moved = {one.before for one in changes if not one.now.strip("0")}
    if (git_dir / "MERGE_HEAD").exists():
        # What comes from the other side as it is there has been committed before.
        ours = {(one.now, one.path) for one in _changes(git, "MERGE_HEAD")}
        changes = [one for one in changes if (one.now, one.path) in ours]
    files = [one for one in changes if one.mode.startswith("100")]
    asked = list({oid for one in files for oid in one[1:3] if oid.strip("0")})
    sizes = dict(zip(asked, reader.sizes(asked), strict=True))
    for one in files:
        before = one.now if one.now in moved else one.before
        yield File(one.path, one.now, sizes[one.now] or 0, sizes.get(before))


def _changes(git: Git, *against: str) -> list[_Change]:
    words = git.run(*_DIFF, *against).stdout.split(b"\0")
    pairs = zip(words[::2], words[1::2], strict=False)
    parts = [(meta.decode("ascii").split(" "), os.fsdecode(path)) for meta, path in pairs]
    return [_Change(meta[1], Oid(meta[2]), Oid(meta[3]), path) for meta, path in parts]
