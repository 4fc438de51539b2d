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
    found = _closed(git, commits)
    if shallow and len(found) == len(commits) and not _related(git, commits):
        raise GitError(
            "what the runs have in common is not in this shallow clone", hint="git fetch --unshallow"
        )
    above = {one: {other for other in found if other != one and _leads_to(git, other, one)} for one in found}
    order = sorted(found, key=lambda one: len(above[one]))
    return Lineage({one: tuple(_nearest(above, one)) for one in order})


def _closed(git: Git, commits: Sequence[Oid]) -> list[Oid]:
    """`commits` with the best common ancestors of every two, and of every two of those."""
    found, looked = list(dict.fromkeys(commits)), 0
    while looked < len(found):
        pairs = [(one, other) for one, other in combinations(found, 2) if found.index(other) >= looked]
        looked = len(found)
        for one, other in pairs:
            common = git.run("merge-base", "--all", one, other, check=False).lines
            found += [Oid(each) for each in common if each not in found]
    return found


def _related(git: Git, commits: Sequence[Oid]) -> bool:
    return any(_leads_to(git, one, other) for one in commits for other in commits if one != other)


def _leads_to(git: Git, one: Oid, other: Oid) -> bool:
    return git.run("merge-base", "--is-ancestor", one, other, check=False).code == 0


def _nearest(above: Mapping[Oid, set[Oid]], one: Oid) -> list[Oid]:
    """The ancestors of `one` that no other ancestor of it descends from, in the order they were found."""
    passed = {far for near in above[one] for far in above[near]}
    return [each for each in above if each in above[one] and each not in passed]
