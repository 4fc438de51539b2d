"""The local artifact store: `<git dir>/lfs/objects/aa/bb/<oid>`, the layout of Git LFS itself."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from gitexp.artifacts.cloning import clone
from gitexp.errors import BrokenRecord, NotFound
from gitexp.model.values import Digest
from gitexp.sharing import UMASK, Permissions
from gitexp.syncing import sync_all

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """What is in the store."""

    oid: Digest
    size: int


class Source(Protocol):
    """A file that nobody writes to, read once, which is known to be right when its end was read."""

    path: Path

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most `size`; none at the end."""

    def fileno(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Incoming:
    """Bytes on their way into the store: `publish` puts them in."""

    stored: Stored
    temporary: Path | None
    """None where the store has them already."""
    steady: bool = True
    """Whether the source stayed as it was while it was read."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Tells an object as it was put there from one that was added again: each adding sets its time."""

    inode: int
    time: int


@dataclass(frozen=True, slots=True)
class ArtifactStore:
    """Files by their sha256 under one folder."""

    root: Path
    permissions: Permissions = UMASK
    """Those of what is put in."""

    @property
    def temporary(self) -> Path:
        """The folder of files that are being written."""
        return self.root.parent / "tmp"

    def path(self, oid: Digest) -> Path:
        """Where the bytes of `oid` are, or would be."""
        return self.root / f"{oid[:2]}/{oid[2:4]}/{oid}"

    def has(self, oid: Digest, size: int) -> bool:
        try:
            return self.path(oid).stat().st_size == size
        except FileNotFoundError:
            return False

    def add_file(self, source: Path, *, frozen: bool = False) -> Stored:
        """Bring a file in, hashed in the same pass; durable when this returns. Raises OSError.

        It shares its blocks with the source where the file system can. A `frozen` source is one that nobody
        writes to, an object of another store: it gets one more name where both are on one file system.
        """
        with open_regular(source) as file:
            incoming = self.take(file, source if frozen else None)
        self.publish([incoming])
        return incoming.stored

    def add_bytes(self, data: bytes) -> Stored:
        incoming = self.take_bytes(data)
        self.publish([incoming])
        return incoming.stored

    def take(self, source: BinaryIO, frozen: Path | None = None) -> Incoming:
        """The first half of adding a file, which is called `frozen` where nobody writes to it.

        A copy is never longer than the file was at the beginning: one that grows faster than it is read ends.
        """
        before = os.fstat(source.fileno())
        with self._new() as (temporary, target):
            if (frozen and _linked(frozen, temporary)) or clone(source, target):
                # What is read is the clone: a write to the source cannot make bytes and hash differ.
                stored = digest_file(temporary)
            else:
                stored = _copy(source, target, before.st_size)
        return Incoming(stored, temporary, unchanged(before, os.fstat(source.fileno())))

    def take_bytes(self, data: bytes) -> Incoming:
        """The first half of adding bytes."""
        with self._new() as (temporary, target):
            target.write(data)
            return Incoming(Stored(Digest(hashlib.sha256(data).hexdigest()), len(data)), temporary)

    def take_present(self, stored: Stored) -> Incoming | None:
        """The first half of adding what is known by its hash; None where its bytes are not here."""
        return Incoming(stored, None) if self.has(stored.oid, stored.size) and self._touch(stored) else None

    def take_from(self, source: Source, stored: Stored) -> Incoming:
        """The first half of adding what `source` gives, which makes sure that it is `stored`.

        Where the file system can, its file shares the blocks with ours, or gets one more name.
        """
        with self._new() as (temporary, target):
            shared = clone(source, target) or _linked(source.path, temporary)
            while chunk := source.read(_CHUNK):
                if not shared:
                    target.write(chunk)
        return Incoming(stored, temporary)

    def publish(self, incoming: Sequence[Incoming]) -> list[Mark | None]:
        """The second half: all are in the store, and durable, when this returns.

        For each that was not there before, the mark by which `withdraw` knows it. Raises OSError; then no
        temporary file is left.
        """
        try:
            fresh = {
                one.stored.oid: one.temporary
                for one in incoming
                if one.temporary and not self._is_whole(one.stored)
            }
            sync_all(list(fresh.values()))
            marks = {oid: _mark_of(temporary) for oid, temporary in fresh.items()}
            for oid, temporary in fresh.items():
                self.permissions.make(self.path(oid).parent)
                # As git-lfs leaves its objects: nobody should write into what is known by its hash.
                temporary.chmod(self.permissions.of_file(0o444))
                temporary.replace(self.path(oid))
            self._sync_folders([one.stored.oid for one in incoming])
        finally:
            self.discard(incoming)
        return [marks.pop(one.stored.oid, None) for one in incoming]

    def discard(self, incoming: Iterable[Incoming]) -> None:
        """Drop what was taken in and is not to be published."""
        for one in incoming:
            if one.temporary is not None:
                one.temporary.unlink(missing_ok=True)

    def withdraw(self, oid: Digest, mark: Mark) -> bool:
        """Remove an object, unless somebody has added the same bytes since it got its mark."""
        path, aside = self.path(oid), self._aside()
        with suppress(FileNotFoundError):
            if _mark_of(path) != mark:
                return False
            path.rename(aside)
            # Looked at again where nobody else can find it: whoever added it until then is in time.
            ours = _mark_of(aside) == mark
            if not ours:
                with suppress(FileExistsError):
                    os.link(aside, path)
            aside.unlink()
            return ours
        return False

    def open(self, oid: Digest, size: int) -> bytes:
        """The bytes of `oid`, checked. Raises NotFound; BrokenRecord after setting damaged bytes aside."""
        with self.opened(oid, size) as file:
            return file.read()

    def opened(self, oid: Digest, size: int) -> BinaryIO:
        """The bytes of `oid` as a file at its beginning, checked. Raises as `open` does."""
        file = self._source(oid, size)
        try:
            self._check(_hashed(file), Stored(oid, size))
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    @contextmanager
    def verified(self, oid: Digest, size: int) -> Iterator[Path]:
        """The path of `oid` once its bytes were found to be right. Raises as `open` does."""
        with self.opened(oid, size):
            yield self.path(oid)

    def copy_out(self, oid: Digest, size: int, target: BinaryIO) -> None:
        """Write the bytes of `oid` to `target`, hashed on the way.

        An empty file shares its blocks with the object where the file system can. Raises as `open` does;
        what was written until then is not to be used.
        """
        with self._source(oid, size) as source:
            self._check(copied(source, target), Stored(oid, size))

    def _source(self, oid: Digest, size: int) -> BinaryIO:
        try:
            return self.path(oid).open("rb")
        except FileNotFoundError:
            raise NotFound(f"artifact {oid[:12]} ({size} bytes) is not in the local store") from None

    def _check(self, found: Stored, wanted: Stored) -> None:
        """Raises BrokenRecord where a file of the store is not what its name says, and sets it aside."""
        if found == wanted:
            return
        if found.oid == wanted.oid:
            raise BrokenRecord(f"artifact {wanted.oid[:12]} has {found.size} bytes, not {wanted.size}")
        bad = self.root.parent / "bad" / wanted.oid
        self.permissions.make(bad.parent)
        with suppress(FileNotFoundError):  # another reader may have found it first
            self.path(wanted.oid).replace(bad)
        raise BrokenRecord(
            f"artifact {wanted.oid[:12]} is damaged: its bytes hash to {found.oid[:12]}",
            hint=f"the damaged file was set aside as {bad.name} in lfs/bad",
        )

    @contextmanager
    def _new(self) -> Iterator[tuple[Path, BinaryIO]]:
        """A temporary file to write to; it stays where the block ends well."""
        temporary = self._aside()
        self.permissions.make(temporary.parent)
        try:
            with temporary.open("xb") as file:
                yield temporary, file
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def _aside(self) -> Path:
        return self.temporary / f"gitexp-{os.getpid()}-{os.urandom(8).hex()}"

    def _is_whole(self, stored: Stored) -> bool:
        """Whether the bytes are there; they are read, lest good ones yield to damaged ones."""
        try:
            whole = self.has(stored.oid, stored.size) and digest_file(self.path(stored.oid)) == stored
        except FileNotFoundError:
            return False
        return whole and self._touch(stored)

    def _sync_folders(self, oids: Sequence[Digest]) -> None:
        """Also of what was there: the process that wrote it may have died before it got so far."""
        folders = {self.path(oid).parent for oid in oids}
        if folders:
            sync_all([*folders, *{folder.parent for folder in folders}, self.root])

    def _touch(self, stored: Stored) -> bool:
        """Set the time of an object, so that nobody withdraws it; whether that was possible."""
        try:
            # To the nanosecond: the kernel's own would be that of its last tick.
            os.utime(self.path(stored.oid), ns=(time.time_ns(), time.time_ns()))
        except OSError:  # it is gone, or another person's
            return False
        return True


def open_regular(path: Path) -> BinaryIO:
    """A file to read; never waits for what a pipe of that name would bring. Raises OSError."""
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(f"{path} is not a regular file")
    return file


def unchanged(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether a file looks as if nobody had written to it meanwhile."""
    keys = ("st_size", "st_mtime_ns", "st_ctime_ns")
    return all(getattr(before, key) == getattr(after, key) for key in keys)


def copied(source: BinaryIO, target: BinaryIO) -> Stored:
    """What `source` holds, which the empty `target` now holds as well; it shares the blocks where it can."""
    return _hashed(source) if clone(source, target) else _copy(source, target)


def digest_file(path: Path) -> Stored:
    """The sha256 and size of a file. Raises OSError."""
    with open_regular(path) as file:
        return _hashed(file)


def _hashed(file: BinaryIO) -> Stored:
    digest, size, buffer = hashlib.sha256(), 0, bytearray(_CHUNK)
    view = memoryview(buffer)
    while count := file.readinto(buffer):  # type: ignore[attr-defined]
        digest.update(view[:count])
        size += count
    return Stored(Digest(digest.hexdigest()), size)


def _copy(source: BinaryIO, target: BinaryIO, most: int | None = None) -> Stored:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK if most is None else min(_CHUNK, most - size)):
        digest.update(chunk)
        target.write(chunk)
        size += len(chunk)
    return Stored(Digest(digest.hexdigest()), size)


def _linked(source: Path, temporary: Path) -> bool:
    """Whether the temporary file has become one more name of `source`."""
    name = temporary.with_name(f"{temporary.name}-link")
    try:
        os.link(source, name, follow_symlinks=False)
    except OSError:  # another file system, or one without links
        return False
    name.replace(temporary)
    return True


def _mark_of(path: Path) -> Mark:
    found = path.stat()
    return Mark(found.st_ino, found.st_mtime_ns)
