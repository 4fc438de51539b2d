"""What stands at a path of the working tree, and how that is to change."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

from gitexp.model.paths import folders_of
from gitexp.model.values import Digest

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class File:
    mode: int
    """Its permissions."""
    size: int
    sha256: Digest


@dataclass(frozen=True, slots=True)
class Link:
    target: str


@dataclass(frozen=True, slots=True)
class Folder:
    mode: int
    """Its permissions."""


@dataclass(frozen=True, slots=True)
class Other:
    """What is none of these: a socket, a device."""


State: TypeAlias = File | Link | Folder | None
"""None where nothing is."""


@dataclass(frozen=True, slots=True)
class Change:
    """One path, and what stands there before and after."""

    path: str
    """Relative to the root of the working tree, with `/`."""
    before: State
    after: State

    @property
    def depth(self) -> int:
        return self.path.count("/")

    @property
    def turned(self) -> Change:
        """The way back."""
        return Change(self.path, self.after, self.before)


def look(top: Path, path: str) -> State | Other:
    """What stands at `path` below `top`: nothing where a link or a file is above. Raises OSError."""
    return None if blocking(top, path) is not None else state_of(top / path)


def blocking(top: Path, path: str) -> str | None:
    """The file or link that stands where a folder above `path` would be."""
    for folder in reversed(list(folders_of(path))):
        try:
            if not stat.S_ISDIR(os.lstat(top / folder).st_mode):
                return folder
        except FileNotFoundError:
            return None
    return None


def state_of(full: Path) -> State | Other:
    """What stands at the end of a path. Raises OSError."""
    try:
        found = os.lstat(full)
    except FileNotFoundError:
        return None
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISLNK(found.st_mode):
        return Link(os.readlink(full))
    if stat.S_ISDIR(found.st_mode):
        return Folder(mode)
    if not stat.S_ISREG(found.st_mode):
        return Other()
    with full.open("rb") as file:
        size, digest = hashed(file)
    return File(mode, size, digest)


def hashed(source: BinaryIO, target: BinaryIO | None = None) -> tuple[int, Digest]:
    """How many bytes are left in `source`, and their hash; they are copied to `target` on the way."""
    size, digest = 0, hashlib.sha256()
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        digest.update(chunk)
        if target is not None:
            target.write(chunk)
    return size, Digest(digest.hexdigest())


def same(one: State | Other, other: State | Other) -> bool:
    """Whether they are equal. All folders are: what is in one has paths of its own."""
    return one == other or (isinstance(one, Folder) and isinstance(other, Folder))
