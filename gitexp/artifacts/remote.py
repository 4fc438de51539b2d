"""What a place that keeps artifacts for many clones has to do; each kind of place is a module of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeAlias

from gitexp.artifacts.arriving import Arrival
from gitexp.artifacts.store import Source, Stored
from gitexp.errors import GitExpError, RemoteError
from gitexp.model.values import Digest

AT_ONCE = 100
"""Objects that are announced at once, as Git LFS servers advise."""
ABBREVIATED = 12
"""Digits of a hash that a message tells."""
GRACE = 14 * 24 * 3600.0
"""Seconds for which an object that nothing points to is left where it is: its run may be on its way."""

Moved: TypeAlias = Callable[[int], object]
"""Told how many more bytes have passed."""


class Interrupted(RemoteError):
    """A failure that may pass: the same may go well in `after` seconds."""

    def __init__(self, message: str, *, hint: str | None = None, after: float = 0.0) -> None:
        super().__init__(message, hint=hint)
        self.after = after


class Denied(RemoteError):
    """The place lets nobody in, or not this user: no other object will fare better."""


class ArtifactRemote(Protocol):
    """Bytes by their sha256, somewhere else. All raise RemoteError; threads may call at once."""

    shown: str
    """Its address without credentials, for messages."""
    removes: bool
    """Whether objects can be removed there: Git LFS servers have no way to."""
    threads: int
    """How many objects may be moved at the same time."""

    def announce(self, objects: Sequence[Stored], *, upload: bool) -> dict[Digest, GitExpError | None]:
        """Told of at most AT_ONCE objects that are to be moved next; those that need not, or cannot.

        None stands for what is there already, before an upload, and will be for half of GRACE at least: it
        gets a new time, or is sent again. An error says why an object cannot be moved.
        """

    def send(self, one: Stored, source: Source) -> None:
        """Keep the bytes of `source` as `one`: in whole, or not at all; at the latest once all is settled.

        What `source.read` raises is passed on, and then nothing is kept.
        """

    def settle(self) -> None:
        """All that was sent before is there, and stays, once this returns."""

    def receive(self, one: Stored, target: Arrival, moved: Moved) -> None:
        """Write the bytes of `one` to `target`, from where that has come to.

        Where it cannot go on there it has `target` start again. What is written is not checked.
        """

    def remove(self, objects: Sequence[Digest]) -> None:
        """Drop objects; those that are not there are no matter."""

    def list(self) -> Iterator[tuple[Stored, float]]:
        """Everything that is there, and when it came, in seconds since 1970."""

    def close(self) -> None:
        """Let connections go."""


class Absent(RemoteError):
    """The place was asked, and has no such object."""


def absent(one: Stored, shown: str) -> Absent:
    """What stands for an object that a place should have."""
    return Absent(f"artifact {one.oid[:ABBREVIATED]} ({one.size} bytes) is not at {shown}")
