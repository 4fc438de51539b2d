"""Where the inputs of a run would come from if it ran once more, found out without moving any."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from gitexp.errors import GitExpError
from gitexp.model.record import How, Input
from gitexp.model.roles import UNTRACKED
from gitexp.model.values import Digest, Oid
from gitexp.ops.in_code import in_code
from gitexp.ops.isolate import stays_inside
from gitexp.ops.makers import Makers
from gitexp.ops.restoring import restore_inputs
from gitexp.repo import Repository

_SHORT = 10


class Place(str, Enum):
    """Where the bytes of an input are."""

    CODE = "in the code"
    WORKING_TREE = "in your working tree"
    STORE = "in the artifact store"
    MADE = "made by a run"
    """Whose bytes are here with that run."""
    REMOTE = "not here: others are asked for it"
    CHANGED = "has changed since"
    """Only another version of it can be had: the one in the user's working tree."""
    ELSEWHERE = "outside of the repository"
    """A file whose place was not recorded."""
    VALUE = "a value"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Found:
    """One input of a run and where it is."""

    input: Input
    place: Place
    now: Digest | None = None
    """The hash of what is there instead, where it has changed."""

    @property
    def lacking(self) -> bool:
        """Whether what the run had cannot be had, as far as is known without asking others."""
        return self.place in (Place.CHANGED, Place.GONE)

    @property
    def told(self) -> str:
        """What a person should know where it cannot be had."""
        path, old = self.input.path or self.input.name, str(self.input.oid)[:_SHORT]
        if self.now is None:
            return f"input {path!r} is gone: nothing here has sha256 {old}"
        return f"input {path!r} has changed since: it had sha256 {old}, now {self.now[:_SHORT]}"


def look(repo: Repository, commit: Oid, inputs: Sequence[Input]) -> list[Found]:
    """Where each of `inputs` is, for code as it is in `commit`."""
    makers = Makers(repo)
    return [_look(repo, makers, commit, one) for one in inputs]


def not_linked(found: Sequence[Found]) -> tuple[str, ...]:
    """Paths of which the user's own is not what is wanted, so that it must not be linked."""
    return tuple(
        one.input.path
        for one in found
        if one.input.path and one.place not in (Place.CODE, Place.WORKING_TREE, Place.VALUE)
    )


def known_before(repo: Repository, found: Sequence[Found], root: Path) -> Iterator[Input]:
    """What the new run depends on that nobody may tell it: files too large for git, and what was declared
    of the old one, be it behind `--use`; files as they are now.
    """
    for one in (each.input for each in found):
        large = one.role == UNTRACKED
        if not large and one.how is not How.DECLARED:
            continue
        if one.path is not None:
            with suppress(OSError, GitExpError):
                there = repo.digests.of(root / one.path)
                yield replace(one, oid=there.oid, size=there.size, how=How.OBSERVED if large else one.how)
        elif one.oid is None:
            yield one


def supply(repo: Repository, found: Sequence[Found], root: Path) -> list[str]:
    """The inputs put at their places in a worktree, and what a person should know of those that are not.

    Where what the run had can be had from nowhere, the user's own version of today takes its place.
    """
    wanted = [one for one in found if one.input.oid and one.place is not Place.CODE]
    restored = {one.path: one for one in restore_inputs(repo, [one.input for one in wanted], root)}
    failed = [one for one in wanted if one.input.path and restored[one.input.path].error is not None]
    for one in failed:
        _put_changed(repo, one, root)
    # What lacks anyway was told before.
    return [one.told for one in failed if not one.lacking]


def _put_changed(repo: Repository, one: Found, root: Path) -> None:
    """The user's own version of today, where there is one and nothing stands in its way."""
    if one.now is None or one.input.path is None or repo.layout.top is None:
        return
    place = root / one.input.path
    with suppress(OSError):
        if not os.path.lexists(place) and stays_inside(root, one.input.path):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(repo.layout.top / one.input.path)


def _look(repo: Repository, makers: Makers, commit: Oid, one: Input) -> Found:
    if one.oid is None:
        return Found(one, Place.VALUE)
    if one.path is None:
        return Found(one, Place.ELSEWHERE)
    if in_code(repo.reader, commit, one.path) == one.oid:
        return Found(one, Place.CODE)
    now = _hash_now(repo, one.path)
    if now == one.oid:
        return Found(one, Place.WORKING_TREE)
    if one.size is not None and repo.store.has(one.oid, one.size):
        return Found(one, Place.STORE)
    if makers.have(one.oid):
        return Found(one, Place.MADE)
    if now is not None:
        return Found(one, Place.CHANGED, now)
    return Found(one, Place.REMOTE if repo.has_remotes else Place.GONE)


def _hash_now(repo: Repository, path: str) -> Digest | None:
    """The hash of what is at the path in the user's working tree."""
    if repo.layout.top is None:
        return None
    place: Path = repo.layout.top / path
    with suppress(OSError, GitExpError):
        return repo.digests.of(place).oid
    return None
