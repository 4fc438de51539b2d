"""What a place for artifacts has to do so that some can be removed from it; and a folder that does it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from gitexp.artifacts.store import ArtifactStore, Stored
from gitexp.model.values import Digest


class Kept(NamedTuple):
    """One object of a place."""

    stored: Stored
    modified: float | None
    """When it came there, in seconds since 1970; None where the place does not say."""


class Clearable(Protocol):
    """Raises RemoteError or OSError."""

    @property
    def shown(self) -> str:
        """Its address without credentials, for messages."""

    def kept(self) -> Iterator[Kept]:
        """Everything that is there."""

    def remove(self, objects: Sequence[Digest]) -> None:
        """Drop objects; those that are not there are no matter."""


@dataclass(frozen=True, slots=True)
class ClearableFolder:
    """A folder of the layout that the local store has."""

    store: ArtifactStore

    @property
    def shown(self) -> str:
        return str(self.store.root)

    def kept(self) -> Iterator[Kept]:
        for path in self.store.root.glob("*/*/*"):
            oid = Digest(path.name)
            if self.store.path(oid) == path and len(oid) == 64:
                with suppress(FileNotFoundError):
                    stat = path.stat()
                    yield Kept(Stored(oid, stat.st_size), stat.st_mtime)

    def remove(self, objects: Sequence[Digest]) -> None:
        drop(self.store, objects)


def drop(store: ArtifactStore, objects: Iterable[Digest]) -> None:
    """Remove files of a store, and the folders that become empty. Raises OSError."""
    for oid in objects:
        path = store.path(oid)
        path.unlink(missing_ok=True)
        for folder in (path.parent, path.parent.parent):
            with suppress(OSError):
                folder.rmdir()
