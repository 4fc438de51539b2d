"""Bytes that are known by their hash: where they can be had, and what became of each file that needs them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO

from gitexp.artifacts.store import Stored
from gitexp.errors import BrokenRecord, GitExpError, NotFound
from gitexp.model.values import Digest
from gitexp.repo import Repository


class Source(str, Enum):
    """Where the bytes of a restored file were."""

    PRESENT = "present"
    """At their place already."""
    WORKING_TREE = "working tree"
    """In the user's own."""
    RECORD = "record"
    """In the run's commit; of an input, with a run that has made it."""
    STORE = "store"
    """In this clone's artifact store."""
    REMOTE = "remote"
    """Where others keep them; now they are in the store, too."""


@dataclass(frozen=True, slots=True)
class Restored:
    """One file or folder that was to be put at its place."""

    path: str
    """Relative to the root of the worktree, with `/`."""
    oid: Digest
    size: int | None
    source: Source | None = None
    error: GitExpError | None = None
    """Why it is not there with that hash; then `source` is None."""


class Supply:
    """The bytes of this clone's store, and of where it can fetch them from."""

    def __init__(self, repo: Repository, *, offline: bool = False) -> None:
        self._repo = repo
        self._offline = offline
        self._reasons: dict[Digest, GitExpError] = {}
        self._fetched: set[Digest] = set()

    def bring(self, wanted: Iterable[Stored]) -> None:
        """Have the bytes of `wanted` here where others keep them; each is asked for once."""
        lacking = {
            one.oid: one
            for one in wanted
            if one.oid not in self._reasons and not self._repo.store.has(one.oid, one.size)
        }
        if lacking and not self._offline:
            from gitexp.ops.transfers import receive

            reasons = receive(self._repo, list(lacking.values()))
            self._reasons |= reasons
            self._fetched |= lacking.keys() - reasons.keys()

    def write(self, one: Stored, target: BinaryIO) -> Source:
        """Write the bytes of `one` to the empty `target`, hashed on the way; where they came from.

        Raises NotFound where they are nowhere, BrokenRecord where all that is found is damaged.
        """
        try:
            self._copy(one, target)
        except BrokenRecord:  # the store has set them aside: others may have better ones
            self.bring([one])
            if one.oid not in self._fetched:
                raise
            target.seek(0)
            target.truncate()
            self._copy(one, target)
        return Source.REMOTE if one.oid in self._fetched else Source.STORE

    def _copy(self, one: Stored, target: BinaryIO) -> None:
        self.bring([one])
        try:
            self._repo.store.copy_out(one.oid, one.size, target)
        except NotFound:
            reason = self._reasons.get(one.oid)
            told = f": {reason.message}" if reason else ""
            hint = reason.hint if reason else None
            raise NotFound(f"its bytes are not in this clone{told}", hint=hint) from None
