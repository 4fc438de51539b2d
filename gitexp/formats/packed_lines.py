"""Lines of text packed: by zstd where its package is there, else by gzip; and read again within bounds."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from gitexp.errors import BrokenRecord, UsageError

ZSTD, GZIP = ".zst", ".gz"
MAX_UNPACKED = 1 << 30
"""Bytes of all lines together."""
MAX_LINE = 4 << 20
_ALWAYS, _RATIO = 32 << 20, 256
"""What few bytes may become, and what each of more may."""
_LEVEL = 9
_MAX_WINDOW = 128 << 20
_CHUNK = 1 << 18
_GZIP = 31
"""The window of zlib, with the header of gzip: without a time, so that equal lines are equal bytes."""


def pack(lines: Iterable[str]) -> tuple[str, bytes]:
    """The end of the file's name that says how it is packed, and its bytes."""
    ending, packer = _packer()
    parts = [packer.compress(line.encode()) for line in lines]
    return ending, b"".join([*parts, packer.flush()])


def _packer() -> tuple[str, Any]:
    try:
        import zstandard
    except ImportError:
        return GZIP, zlib.compressobj(_LEVEL, wbits=_GZIP)
    return ZSTD, zstandard.ZstdCompressor(level=_LEVEL).compressobj()


def unpack(file: BinaryIO, name: str, size: int) -> Iterator[bytes]:
    """The lines of a file of `size` bytes that was packed as the end of its `name` says.

    Raises BrokenRecord for what is none, or fills the memory; UsageError where the package is not there.
    """
    most, total = min(MAX_UNPACKED, max(_ALWAYS, _RATIO * size)), 0
    begun: list[bytes] = []
    length = 0
    for part in _zstd_parts(file) if name.endswith(ZSTD) else _gzip_parts(file):
        total += len(part)
        if total > most:
            raise BrokenRecord(f"{name!r} has more than {most} bytes")
        *lines, last = part.split(b"\n")
        for line in lines:
            yield b"".join([*begun, line])
            begun, length = [], 0
        begun.append(last)
        length += len(last)
        if length > MAX_LINE:
            raise BrokenRecord(f"{name!r} has a line of more than {MAX_LINE} bytes")
    if rest := b"".join(begun):
        yield rest


def _gzip_parts(file: BinaryIO) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        while data := file.read(_CHUNK):
            while data:
                yield unpacker.decompress(data, _CHUNK)
                data = unpacker.unconsumed_tail
    except zlib.error as error:
        raise BrokenRecord(f"it cannot be unpacked: {error}") from None
    if not unpacker.eof:
        raise BrokenRecord("it cannot be unpacked: it is truncated")


def _zstd_parts(file: BinaryIO) -> Iterator[bytes]:
    try:
        import zstandard
    except ImportError:
        raise UsageError("it is packed with zstd", hint="pip install 'gitexp[eval]'") from None
    # A larger window would itself fill the memory.
    unpacker = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
    try:
        with unpacker.stream_reader(file) as reader:
            while part := reader.read(_CHUNK):
                yield part
    except zstandard.ZstdError as error:
        raise BrokenRecord(f"it cannot be unpacked: {error}") from None
