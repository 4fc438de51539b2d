"""What a place that keeps artifacts for many clones has to do; each kind of place is a module of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Protocol, TypeAlias

from gitexp.artifacts.store import Stored
from gitexp.errors import GitExpError
from gitexp.model.values import Digest

AT_ONCE = 100
"""Objects that are announced at once, as Git LFS servers advise."""

Moved: TypeAlias = Callable[[int], None]
"""Told how many more bytes have passed."""


class ArtifactRemote(Protocol):
    """Bytes by their sha256, somewhere else. All raise RemoteError; threads may call at once."""

    shown: str
    """Its address without credentials, for messages."""
    removes: bool
    """Whether objects can be removed there: Git LFS servers have no way to."""

    def missing(self, objects: Sequence[Stored]) -> set[Digest]:
        """Those that are not there, with the size that they should have."""

    def announce(self, objects: Sequence[Stored], *, upload: bool) -> dict[Digest, GitExpError]:
        """Told of at most AT_ONCE objects that are to be moved next; why some of them cannot be."""

    def send(self, one: Stored, source: BinaryIO, moved: Moved) -> None:
        """Keep the bytes of `source` as `one`; they are there in whole once this returns, or not at all."""

    def receive(self, one: Stored, target: BinaryIO, moved: Moved) -> None:
        """Append the bytes of `one` to `target`, from `target.tell()` on; from 0 where it cannot resume.

        What is written is not checked: whoever asked hashes it.
        """

    def remove(self, objects: Sequence[Digest]) -> None:
        """Drop objects; those that are not there are no matter."""

    def list(self) -> Iterator[Stored]:
        """Everything that is there."""

    def close(self) -> None:
        """Let connections go."""
