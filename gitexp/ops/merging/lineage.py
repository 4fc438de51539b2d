"""What runs have in common: their commits, the best common ancestors of those, and how they descend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from gitexp.errors import GitError
from gitexp.git.process import Git
from gitexp.model.values import Oid


@dataclass(frozen=True, slots=True)
class Lineage:
    """As much of the history as merging needs, as if no other commits were between."""

    parents: Mapping[Oid, tuple[Oid, ...]]
    """Of each commit; every one comes behind its parents."""


def lineage(git: Git, commits: Sequence[Oid], *, shallow: bool) -> Lineage:
    """How `commits` descend from what they have in common.

    Raises GitError where that is not to be known, because the clone is shallow.
    """
    common = _closed(git, commits)
    found = list(dict.fromkeys((*commits, *(one for each in common.values() for one in each))))
    if shallow and not any(common.values()):
        raise GitError(
            "what the runs have in common is not in this shallow clone", hint="git fetch --unshallow"
        )
    above: dict[Oid, set[Oid]] = {one: set() for one in found}
    for (one, other), bases in common.items():
        if one in bases:
            above[other].add(one)
        elif other in bases:
            above[one].add(other)
    order = sorted(found, key=lambda one: len(above[one]))
    return Lineage({one: tuple(_nearest(above, one)) for one in order})


def _closed(git: Git, commits: Sequence[Oid]) -> dict[tuple[Oid, Oid], list[Oid]]:
    """The best common ancestors of every two of `commits`, and of every two of those and them."""
    found, common = list(dict.fromkeys(commits)), dict[tuple[Oid, Oid], list[Oid]]()
    while pairs := [pair for pair in combinations(found, 2) if pair not in common]:
        for one, other in pairs:
            lines = git.run("merge-base", "--all", one, other, check=False).lines
            common[one, other] = [Oid(each) for each in lines]
            found += [each for each in common[one, other] if each not in found]
    return common


def _nearest(above: Mapping[Oid, set[Oid]], one: Oid) -> list[Oid]:
    """The ancestors of `one` that no other ancestor of it descends from, in the order they were found."""
    passed = {far for near in above[one] for far in above[near]}
    return [each for each in above if each in above[one] and each not in passed]
