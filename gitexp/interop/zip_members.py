"""Members of a ZIP archive that a stranger made: read one at a time, in memory, within bounds.

Nothing is ever written to the disk. The method 93 (zstd) is for `zstandard`: Python knows it from 3.14 on.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from gitexp.artifacts.store import open_regular
from gitexp.errors import BrokenFile, GitExpError, UsageError

MAX_DIRECTORY = 24 << 20
"""Bytes of the list of members: of half a million at most."""
MAX_MEMBER = 128 << 20
"""Bytes of a member, unpacked."""
MAX_TOTAL = 16 << 30
"""Bytes of all members, unpacked."""
MAX_RATIO = 1000
"""How many times longer a member may become; those that stay below `_SMALL` may be any."""
_SMALL = 1 << 20
_ZSTD = 93
_ENCRYPTED, _DESCRIPTOR = 1, 8
_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_END = b"PK\x05\x06"
_CHUNK = 1 << 16
_AGAIN = "copy the log again from where it was written"
_APART = "evaluate in parts: inspect eval --limit 1-1000"
_CONVERT = "inspect log convert LOG --to json --output-dir FOLDER"


class Member(NamedTuple):
    name: str
    method: int
    packed: int
    """Bytes in the archive."""
    size: int
    """Bytes unpacked, by the archive's word."""
    crc: int
    offset: int
    """Of its local header."""


class Archive:
    """A ZIP file with the list of its members, in the order in which they were written."""

    def __init__(self, file: BinaryIO, shown: str, members: list[Member], whole: bool) -> None:
        self._file = file
        self.shown = shown
        self.members = members
        self.whole = whole
        """Whether the list of members was there: it stands at the end, which a truncated file has not."""
        self._unpacked = 0

    def read(self, member: Member) -> bytes:
        """The bytes of a member, checked. Raises BrokenFile that names archive and member."""
        where = f"{self.shown}: {member.name[:200]!r}"
        try:
            data = self._read(member)
        except GitExpError as error:
            raise type(error)(f"{where}: {error.message}", hint=error.hint or _AGAIN) from None
        except (zlib.error, OSError, ValueError) as error:
            raise BrokenFile(f"{where}: cannot be unpacked: {error}", hint=_AGAIN) from None
        self._unpacked += len(data)
        if self._unpacked > MAX_TOTAL:
            raise BrokenFile(f"{where}: the members have more than {MAX_TOTAL} bytes together", hint=_APART)
        return data

    def _read(self, member: Member) -> bytes:
        self._file.seek(member.offset)
        header = self._file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
            raise BrokenFile("no member begins there")
        _, _, flags, *_, name, extra = _LOCAL.unpack(header)
        if flags & _ENCRYPTED:
            raise BrokenFile("it is encrypted", hint="write the log without a password")
        limit = MAX_MEMBER if member.packed * MAX_RATIO > _SMALL else _SMALL
        limit = min(limit, max(_SMALL, member.packed * MAX_RATIO))
        if member.size > limit:
            raise BrokenFile(
                f"{member.size} bytes in {member.packed}: too large, or made to fill the memory",
                hint=_CONVERT,
            )
        self._file.seek(name + extra, 1)
        packed = self._file.read(member.packed)
        if len(packed) < member.packed:
            raise BrokenFile("the file ends within it")
        data = _unpacked(packed, member.method, limit)
        if len(data) > limit or len(data) != member.size:
            raise BrokenFile(f"it has other than the {member.size} bytes that it should have")
        if zlib.crc32(data) != member.crc:
            raise BrokenFile("its checksum does not fit")
        return data


@contextmanager
def opened(path: Path, shown: str) -> Iterator[Archive]:
    """The archive at `path`. Raises BrokenFile for names that lead out of it, and for too many members."""
    with open_regular(path) as file:
        listed = _listed(file, shown)
        members = _salvaged(file) if listed is None else listed
        for member in members:
            if member.name.startswith(("/", "\\")) or ".." in member.name.replace("\\", "/").split("/"):
                raise BrokenFile(
                    f"{shown}: {member.name[:200]!r} would lead out of the archive",
                    hint="no log has such a member: ask where it came from",
                )
        yield Archive(file, shown, members, listed is not None)


def _listed(file: BinaryIO, shown: str) -> list[Member] | None:
    """The members by the list at the end; None where there is none."""
    size = file.seek(0, 2)
    file.seek(max(0, size - (1 << 16) - 22))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        return None
    length = struct.unpack_from("<L", tail, at + 12)[0]
    if length == 0xFFFFFFFF and (wide := tail.rfind(b"PK\x06\x06", 0, at)) >= 0 and len(tail) >= wide + 56:
        length = struct.unpack_from("<Q", tail, wide + 40)[0]
    if length > MAX_DIRECTORY:
        raise BrokenFile(f"{shown}: too many members: the list of them has {length} bytes", hint=_APART)
    try:
        with ZipFile(file) as archive:
            found = archive.infolist()
    except (BadZipFile, ValueError, NotImplementedError, struct.error, EOFError) as error:
        raise BrokenFile(f"{shown}: cannot be read: {error}", hint=_AGAIN) from None
    return [
        Member(one.filename, one.compress_type, one.compress_size, one.file_size, one.CRC, one.header_offset)
        for one in sorted(found, key=lambda one: one.header_offset)
    ]


def _salvaged(file: BinaryIO) -> list[Member]:
    """The members that can be found one after the other from the beginning of the file."""
    found: list[Member] = []
    offset, size = 0, file.seek(0, 2)
    while len(found) < MAX_DIRECTORY // 46:
        file.seek(offset)
        header = file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
            break
        _, _, flags, method, _, _, crc, packed, length, name_length, extra = _LOCAL.unpack(header)
        name = file.read(name_length).decode("utf-8", "replace")
        after = offset + _LOCAL.size + name_length + extra + packed
        if flags & _DESCRIPTOR or after > size:
            break
        found.append(Member(name, method, packed, length, crc, offset))
        offset = after
    return found


def _unpacked(packed: bytes, method: int, limit: int) -> bytes:
    """At most one byte more than `limit`."""
    if method == ZIP_STORED:
        return packed
    if method == ZIP_DEFLATED:
        return zlib.decompressobj(-15).decompress(packed, limit + 1)
    if method == _ZSTD:
        return _from_zstd(packed, limit)
    raise BrokenFile(f"it is packed by the method {method}, which is not known", hint=_CONVERT)


def _from_zstd(packed: bytes, limit: int) -> bytes:
    try:
        import zstandard
    except ImportError:
        raise UsageError("it is packed with zstd", hint="pip install 'gitexp[eval]'") from None
    # A larger window would itself fill the memory.
    unpacker = zstandard.ZstdDecompressor(max_window_size=MAX_MEMBER)
    parts: list[bytes] = []
    left = limit + 1
    try:
        with unpacker.stream_reader(packed, read_across_frames=True) as reader:
            while left > 0 and (part := reader.read(min(left, _CHUNK))):
                parts.append(part)
                left -= len(part)
    except zstandard.ZstdError as error:
        raise ValueError(error) from None
    return b"".join(parts)
