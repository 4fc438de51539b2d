"""Loose object files, read in pieces."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from gitexp.errors import BrokenRecord
from gitexp.git.packfile import PACK_TYPES
from gitexp.model.values import Oid

_CHUNK = 1 << 18
"""Bytes in memory at a time, compressed and not."""


def open_loose(file: BinaryIO, oid: Oid) -> tuple[bytes, int, Iterator[bytes]]:
    """Kind, declared size and content of an open loose object file. Raises BrokenRecord, then or later."""
    chunks = _inflate(file, oid)
    first = next(chunks, b"")
    header, end, rest = first.partition(b"\0")
    kind, _, size = header.partition(b" ")
    if not end or kind not in PACK_TYPES or not size.isdigit():
        raise BrokenRecord(f"loose object '{oid}' is corrupt")

    def content() -> Iterator[bytes]:
        yield rest
        yield from chunks

    return kind, int(size), content()


def _inflate(file: BinaryIO, oid: Oid) -> Iterator[bytes]:
    inflate = zlib.decompressobj()
    pending = b""
    try:
        while not inflate.eof and (pending := pending or file.read(_CHUNK)):
            if chunk := inflate.decompress(pending, _CHUNK):
                yield chunk
            pending = inflate.unconsumed_tail
    except zlib.error:
        raise BrokenRecord(f"loose object '{oid}' is corrupt") from None
    if not inflate.eof:
        raise BrokenRecord(f"loose object '{oid}' is corrupt")
