"""A folder that several clones reach: a disk of one's own, or one that is mounted from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from gitexp.artifacts.arriving import Arrival
from gitexp.artifacts.clearing import drop
from gitexp.artifacts.remote import Moved, absent
from gitexp.artifacts.store import ArtifactStore, Incoming, Source, Stored
from gitexp.errors import GitExpError, RemoteError
from gitexp.model.values import Digest

_CHUNK = 1 << 20


class Folder:
    """An ArtifactRemote that is a store like the local one: stock git-lfs finds what is in it."""

    removes = True
    threads = 4

    def __init__(self, store: ArtifactStore, *, shown: str) -> None:
        self.shown = shown
        self._store = store
        self._sent: list[Incoming] = []

    def announce(self, objects: Sequence[Stored], *, upload: bool) -> dict[Digest, GitExpError | None]:
        # What is counted on gets a new time, so that nobody takes it for forgotten.
        is_there = self._store.take_present if upload else lambda one: self._store.has(one.oid, one.size)
        try:
            there = {one.oid for one in objects if is_there(one)}
        except OSError as error:
            raise RemoteError(f"cannot look into {self.shown}: {error.strerror}") from None
        if upload:
            return dict.fromkeys(there)
        return {one.oid: absent(one, self.shown) for one in objects if one.oid not in there}

    def send(self, one: Stored, source: Source) -> None:
        try:
            self._sent.append(self._store.take_from(source, one))
        except OSError as error:
            raise RemoteError(f"cannot write to {self.shown}: {error.strerror}") from None

    def settle(self) -> None:
        sent, self._sent = self._sent, []
        try:
            self._store.publish(sent)
        except OSError as error:
            raise RemoteError(f"cannot write to {self.shown}: {error.strerror}") from None

    def receive(self, one: Stored, target: Arrival, moved: Moved) -> None:
        try:
            with self._store.path(one.oid).open("rb") as source:
                source.seek(target.size)
                while chunk := source.read(_CHUNK):
                    target.write(chunk)
                    moved(len(chunk))
        except FileNotFoundError:
            raise absent(one, self.shown) from None
        except OSError as error:
            raise RemoteError(f"cannot read from {self.shown}: {error.strerror}") from None

    def remove(self, objects: Sequence[Digest]) -> None:
        try:
            drop(self._store, objects)
        except OSError as error:
            raise RemoteError(f"cannot remove from {self.shown}: {error.strerror}") from None

    def list(self) -> Iterator[tuple[Stored, float]]:
        for path in self._store.root.glob("*/*/*"):
            oid = Digest(path.name)
            if self._store.path(oid) == path and len(oid) == 64:
                with suppress(FileNotFoundError):  # somebody else removed it
                    stat = path.stat()
                    yield Stored(oid, stat.st_size), stat.st_mtime

    def close(self) -> None:
        pass
