"""Params files by the names that they have on each side: one may have renamed what the other changed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from gitexp.git.merging import Bench
from gitexp.model.values import Oid


@dataclass(frozen=True, slots=True)
class Names:
    """What one params file is called."""

    path: str
    """In the merge."""
    base: str
    ours: str
    theirs: str

    @property
    def each(self) -> tuple[str, ...]:
        """All of them, each once; that in the merge comes first."""
        return tuple(dict.fromkeys((self.path, self.ours, self.theirs, self.base)))


@dataclass(frozen=True, slots=True)
class Declared:
    """A tree, and the params files that it has."""

    tree: Oid
    paths: Sequence[str]


def named(bench: Bench, base: Declared | None, ours: Declared, theirs: Declared) -> list[Names]:
    """The params files of both sides, each once. One that both renamed, and not alike, is left to git."""
    found: list[Names] = []
    paths = list(dict.fromkeys((*ours.paths, *theirs.paths)))
    if base is not None and set(ours.paths) != set(theirs.paths):
        mine, other = (_renamed(bench, base, side) for side in (ours, theirs))
        for old in base.paths:
            here, there = mine.get(old, old), other.get(old, old)
            if here != there and old in (here, there):
                found.append(Names(there if here == old else here, old, here, there))
    covered = {path for one in found for path in one.each}
    return [*found, *(Names(path, path, path, path) for path in paths if path not in covered)]


def _renamed(bench: Bench, base: Declared, side: Declared) -> Mapping[str, str]:
    """What the params files of the base are called on one side, where that is something else."""
    # What a side reads no more may stand there still.
    gone = [path for path in base.paths if bench.reader.resolve(side.tree, path) is None]
    new = [path for path in side.paths if bench.reader.resolve(base.tree, path) is None]
    if not gone or not new:
        return {}
    if len(gone) == len(new) == 1 and PurePosixPath(gone[0]).suffix == PurePosixPath(new[0]).suffix:
        return {gone[0]: new[0]}
    command = ("diff-tree", "-r", "-z", "--find-renames", "--diff-filter=R", "--name-status")
    words = bench.run(*command, base.tree, side.tree).stdout.split(b"\0")
    pairs = zip(words[1::3], words[2::3], strict=False)
    return {
        old: name
        for old, name in ((os.fsdecode(one), os.fsdecode(other)) for one, other in pairs)
        if old in gone and name in new
    }
