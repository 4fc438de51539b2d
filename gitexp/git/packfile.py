"""The pack format, as far as it is needed to write one (gitformat-pack): version 2, without deltas."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gitexp.errors import BrokenRecord

if TYPE_CHECKING:
    from hashlib import _Hash

PACK_TYPES = {b"commit": 1, b"tree": 2, b"blob": 3, b"tag": 4}

_HEAD = 12
"""Bytes before the first object: `PACK`, the version, the number of objects."""
_CHUNK = 1 << 20

_HASHES: dict[str, Callable[..., _Hash]] = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}


class PackWriter:
    """A pack written front to back; each object is compressed once."""

    def __init__(self, file: BinaryIO, digest: _Hash) -> None:
        self._file = file
        self._digest = digest
        self.written = 0

    def begin(self, count: int) -> None:
        self._put(b"PACK" + (2).to_bytes(4, "big") + count.to_bytes(4, "big"))

    def whole(self, kind: bytes, data: bytes) -> None:
        self._put(_pack_entry_header(kind, len(data)) + zlib.compress(data))

    def streamed(self, kind: bytes, size: int, chunks: Iterable[bytes]) -> None:
        # Level 1, as git takes for loose objects: these may be large, and gc packs them anew.
        deflate = zlib.compressobj(1)
        self._put(_pack_entry_header(kind, size))
        for chunk in chunks:
            self._put(deflate.compress(chunk))
        self._put(deflate.flush())

    def copied(self, entries: bytes) -> None:
        """Entries as they stand in another pack."""
        self._put(entries)

    def end(self) -> str:
        checksum = self._digest.digest()
        self._put(checksum)
        return checksum.hex()

    def _put(self, data: bytes) -> None:
        self._digest.update(data)
        self._file.write(data)
        self.written += len(data)


def renew_pack(path: Path, target: Path, nonce: bytes, object_format: str) -> None:
    """A copy of a pack that `PackWriter` wrote, with one more blob, so that it gets another name.

    Raises BrokenRecord where the pack is damaged; `target` is then to be thrown away.
    """
    with open(path, "rb") as source, open(target, "wb") as file:
        pack = PackWriter(file, new_hash(object_format))
        digest = new_hash(object_format)
        head = source.read(_HEAD)
        digest.update(head)
        pack.begin(int.from_bytes(head[8:], "big") + 1)
        left = os.fstat(source.fileno()).st_size - _HEAD - digest.digest_size
        while left > 0:
            chunk = source.read(min(left, _CHUNK))
            digest.update(chunk)
            pack.copied(chunk)
            left -= len(chunk)
        if digest.digest() != source.read():
            raise BrokenRecord(f"our copy of the pack {path.name!r} is damaged")
        pack.whole(b"blob", b"gitexp retry " + nonce)
        pack.end()


def new_hash(object_format: str) -> _Hash:
    """A fresh hash of the kind that names objects and ends packs."""
    return _HASHES[object_format](usedforsecurity=False)


def _pack_entry_header(kind: bytes, size: int) -> bytes:
    """The kind in 3 bits and the size in 4 bits, then 7 a byte (gitformat-pack, "object entries")."""
    byte = PACK_TYPES[kind] << 4 | size & 0x0F
    size >>= 4
    header = bytearray()
    while size:
        header.append(byte | 0x80)
        byte = size & 0x7F
        size >>= 7
    header.append(byte)
    return bytes(header)
