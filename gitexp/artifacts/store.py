"""The local artifact store: `<git dir>/lfs/objects/aa/bb/<oid>`, the layout of Git LFS itself."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from gitexp.errors import BrokenRecord, NotFound
from gitexp.model.values import Digest

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """What is in the store."""

    oid: Digest
    size: int


class Readable(Protocol):
    """Bytes, once."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class ArtifactStore:
    """Files by their sha256 under one folder."""

    root: Path

    def path(self, oid: Digest) -> Path:
        """Where the bytes of `oid` are, or would be."""
        return self.root / f"{oid[:2]}/{oid[2:4]}/{oid}"

    def has(self, oid: Digest, size: int) -> bool:
        try:
            return self.path(oid).stat().st_size == size
        except FileNotFoundError:
            return False

    def add_file(self, source: Path) -> Stored:
        """Copy a file in, hashed in the same pass; durable when this returns. Raises OSError."""
        with source.open("rb") as file:
            return self._add(file)

    def add_bytes(self, data: bytes) -> Stored:
        import io

        return self._add(io.BytesIO(data))

    def receive(self, source: Readable) -> Path:
        """A new file beside the objects with what `source` gives, to be adopted. Raises OSError."""
        path = self._new()
        try:
            with path.open("xb") as file:
                while chunk := source.read(_CHUNK):
                    file.write(chunk)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path

    def adopt(self, path: Path, stored: Stored, *, sync: bool = True) -> None:
        """Move a file in whose bytes are durable and were found to be `stored`. Raises OSError.

        Without `sync` its new name is not durable yet.
        """
        self._publish(path, self.path(stored.oid))
        if sync:
            self._sync_names(stored.oid)

    def open(self, oid: Digest, size: int) -> bytes:
        """The bytes of `oid`, checked. Raises NotFound; BrokenRecord after setting damaged bytes aside."""
        with self.verified(oid, size) as path:
            return path.read_bytes()

    @contextmanager
    def verified(self, oid: Digest, size: int) -> Iterator[Path]:
        """The path of `oid` once its bytes were found to be right. Raises as `open` does."""
        path = self.path(oid)
        try:
            found = digest_file(path)
        except FileNotFoundError:
            raise self._absent(oid, size) from None
        self._check(found, Stored(oid, size))
        yield path

    def copy_out(self, oid: Digest, size: int, target: BinaryIO) -> None:
        """Write the bytes of `oid` to `target`, hashed on the way.

        Raises as `open` does; what was written until then is not to be used.
        """
        try:
            source = self.path(oid).open("rb")
        except FileNotFoundError:
            raise self._absent(oid, size) from None
        with source:
            found = _copy(source, target)
        self._check(found, Stored(oid, size))

    def _check(self, found: Stored, wanted: Stored) -> None:
        """Raises BrokenRecord where a file of the store is not what its name says, and sets it aside."""
        if found == wanted:
            return
        if found.oid == wanted.oid:
            raise BrokenRecord(f"artifact {wanted.oid[:12]} has {found.size} bytes, not {wanted.size}")
        bad = self.root.parent / "bad" / wanted.oid
        bad.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # another reader may have found it first
            self.path(wanted.oid).replace(bad)
        raise BrokenRecord(
            f"artifact {wanted.oid[:12]} is damaged: its bytes hash to {found.oid[:12]}",
            hint=f"the damaged file was set aside as {bad.name} in lfs/bad",
        )

    def _absent(self, oid: Digest, size: int) -> NotFound:
        return NotFound(f"artifact {oid[:12]} ({size} bytes) is not in the local store")

    def _add(self, source: BinaryIO) -> Stored:
        temporary = self._new()
        try:
            with temporary.open("xb") as file:
                stored = _copy(source, file)
                file.flush()
                os.fsync(file.fileno())
            if self._is_whole(stored):
                self._sync_names(stored.oid)
            else:
                self.adopt(temporary, stored)
        finally:
            temporary.unlink(missing_ok=True)
        return stored

    def _new(self) -> Path:
        """The path of a new file beside the objects."""
        path = self.root.parent / "tmp" / f"gitexp-{os.getpid()}-{os.urandom(8).hex()}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _publish(self, temporary: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        # As git-lfs leaves its objects: nobody should write into what is known by its hash.
        temporary.chmod(0o444)
        temporary.replace(target)

    def _sync_names(self, oid: Digest) -> None:
        place = self.path(oid).parent
        for folder in (place, place.parent, self.root):
            _sync(folder)

    def _is_whole(self, stored: Stored) -> bool:
        """Whether the bytes are there; they are read, lest good ones yield to damaged ones."""
        try:
            return self.has(stored.oid, stored.size) and digest_file(self.path(stored.oid)) == stored
        except FileNotFoundError:
            return False


def digest_file(path: Path) -> Stored:
    """The sha256 and size of a file. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Stored(Digest(digest.hexdigest()), size)


def digest_folder(path: Path) -> Stored:
    """One identity for a folder: the sha256 over its sorted `<sha256>  <path>\\n` lines; sizes summed."""
    lines, size = [], 0
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        one = digest_file(file)
        lines.append(f"{one.oid}  {file.relative_to(path).as_posix()}\n")
        size += one.size
    text = "".join(sorted(lines)).encode("utf-8", "surrogateescape")
    return Stored(Digest(hashlib.sha256(text).hexdigest()), size)


def _copy(source: BinaryIO, target: BinaryIO) -> Stored:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
        size += len(chunk)
    return Stored(Digest(digest.hexdigest()), size)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
