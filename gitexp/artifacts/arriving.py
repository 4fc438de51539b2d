"""Bytes on their way into the local store: kept where a transfer is cut, checked before they are in it."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitexp.artifacts.store import ArtifactStore, Incoming, Stored
from gitexp.errors import BrokenRecord, StorageFull
from gitexp.model.values import Digest

FOLDER = "incomplete"
"""Beside the objects, as git-lfs has it; the names of the files are our own."""
_CHUNK = 1 << 20


class Arrival:
    """One object of which so many bytes are here: what is written goes on from there."""

    def __init__(self, path: Path, descriptor: int, wanted: Stored) -> None:
        self._path = path
        self._wanted = wanted
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        self._digest, self.size = hashlib.sha256(), 0
        while chunk := self._file.read(_CHUNK):
            self._digest.update(chunk)
            self.size += len(chunk)
        self.resumed = self.size > 0
        """Whether bytes of an earlier try are among them."""
        if self.size > wanted.size:
            self.restart()

    @property
    def left(self) -> int:
        """Bytes that have to come yet."""
        return self._wanted.size - self.size

    def write(self, data: bytes) -> None:
        """Raises BrokenRecord where more comes than there can be, StorageFull."""
        if len(data) > self.left:
            self.restart()
            raise BrokenRecord(
                f"artifact {self._wanted.oid[:12]} is longer there than {self._wanted.size} bytes"
            )
        view = memoryview(data)
        try:
            while view:
                written = self._file.write(view)
                self._digest.update(view[:written])
                self.size += written
                view = view[written:]
        except OSError as error:
            raise StorageFull(f"artifact {self._wanted.oid[:12]} cannot be kept: {error.strerror}") from None

    def restart(self) -> None:
        """Forget what is here."""
        self._file.seek(0)
        self._file.truncate()
        self._digest, self.size, self.resumed = hashlib.sha256(), 0, False

    def check(self) -> None:
        """Raises BrokenRecord where the bytes are not what they should be, and forgets them."""
        found = Stored(Digest(self._digest.hexdigest()), self.size)
        if found == self._wanted:
            return
        self.restart()
        raise BrokenRecord(
            f"artifact {self._wanted.oid[:12]} is damaged there: its bytes hash to {found.oid[:12]}"
        )

    @property
    def incoming(self) -> Incoming:
        return Incoming(self._wanted, self._path)

    def close(self) -> None:
        """Let the file go, for others to take."""
        self._file.close()


@contextmanager
def arriving(store: ArtifactStore, arrived: list[Arrival], wanted: Stored) -> Iterator[Arrival]:
    """An arrival that is among what has `arrived` once the block ends well, its bytes being the right ones.

    It is to be settled then: until that nobody else takes the file. Otherwise the bytes that came stay beside
    the store for the next try. Raises BrokenRecord for other bytes: none of them stay.
    """
    path, descriptor = _opened(store.root.parent / FOLDER, wanted)
    arrival = Arrival(path, descriptor, wanted)
    try:
        yield arrival
        arrival.check()
    except BaseException:
        if not arrival.size:
            path.unlink(missing_ok=True)
        arrival.close()
        raise
    arrived.append(arrival)


def settle(store: ArtifactStore, arrived: list[Arrival]) -> None:
    """All that has `arrived` is in the store, durably. Raises OSError."""
    try:
        store.publish([one.incoming for one in arrived])
    finally:
        for one in arrived:
            one.close()
        arrived.clear()


def _opened(folder: Path, wanted: Stored) -> tuple[Path, int]:
    """The file that an earlier try left, or a new one; one of its own where another process has that."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    path = folder / f"{wanted.oid}.gitexp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, flags, 0o644)
        except PermissionError:  # it was whole, and about to be put into the store
            os.chmod(path, 0o644)
            descriptor = os.open(path, flags, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it may have put it away just before we got hold of it.
            if _is_at(path, descriptor):
                return path, descriptor
        except OSError:
            pass
        os.close(descriptor)
        path = folder / f"{wanted.oid}.{os.urandom(6).hex()}.gitexp"
        return path, os.open(path, flags | os.O_EXCL, 0o644)
    except OSError as error:
        raise StorageFull(f"cannot write below '{folder}': {error.strerror}") from None


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
