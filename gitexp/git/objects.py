"""Git objects made in memory, and the one pack that carries them into a repository.

Encoded here and not by dulwich: importing dulwich.objects and dulwich.pack costs 30 ms in every process that
records, the encoding itself is this file. The tests hold the two (and git) against each other.
"""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gitexp.errors import BrokenRecord, InvalidName
from gitexp.model.values import Oid

if TYPE_CHECKING:
    from hashlib import _Hash

FILE = 0o100644
EXECUTABLE = 0o100755
SYMLINK = 0o120000
FOLDER = 0o040000
SUBMODULE = 0o160000

_PACK_TYPES = {b"commit": 1, b"tree": 2, b"blob": 3, b"tag": 4}
_HASHES: dict[str, Callable[..., _Hash]] = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Identity:
    """An author, as git has it."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a tree."""

    name: bytes
    mode: int
    oid: Oid

    @property
    def is_folder(self) -> bool:
        return self.mode & 0o170000 == FOLDER

    @property
    def is_submodule(self) -> bool:
        return self.mode & 0o170000 == SUBMODULE


@dataclass(frozen=True, slots=True)
class PackInfo:
    """A pack file that was written."""

    oids: tuple[Oid, ...]
    """What is in it, in the order of the pack; the nonce is left out."""
    checksum: str
    """Its trailer in hex."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class _Loose:
    """An object that stays in its loose file until the pack is written."""

    path: Path
    size: int
    """Bytes of the content."""


class ObjectBuilder:
    """Collects the new objects of one run; the same content always gives the same ids and the same pack.

    `objects` holds what was built here, as (kind, content) by id.
    """

    def __init__(self, object_format: str) -> None:
        self.object_format = object_format
        self.objects: dict[Oid, tuple[bytes, bytes]] = {}
        self._loose: dict[Oid, tuple[bytes, _Loose]] = {}

    @property
    def oids(self) -> set[Oid]:
        """Everything that the pack will hold."""
        return {*self.objects, *self._loose}

    def add(self, kind: bytes, data: bytes) -> Oid:
        """The id of the object that `data` is when it is a `kind` (blob, tree, commit, tag)."""
        if kind not in _PACK_TYPES:
            raise ValueError(f"no kind of git object: {kind!r}")
        oid = object_id(self.object_format, kind, data)
        self.objects[oid] = (kind, data)
        return oid

    def add_loose(self, path: Path) -> Oid:
        """The id of the loose object file `path` (`…/<2 digits>/<the rest>`).

        The file must stay until the pack is written: its content is not held in memory. Raises BrokenRecord
        where its content does not have that id.
        """
        named = Oid(path.parent.name + path.name)
        digest = _new_hash(self.object_format)
        size = 0
        with open(path, "rb") as file:
            kind, declared, chunks = _inflate_loose(file, named)
            digest.update(b"%s %d\0" % (kind, declared))
            for chunk in chunks:
                size += len(chunk)
                digest.update(chunk)
        if digest.hexdigest() != named or size != declared:
            raise BrokenRecord(f"loose object '{named}' is corrupt")
        self._loose[named] = (kind, _Loose(path, size))
        return named

    def blob(self, data: bytes) -> Oid:
        return self.add(b"blob", data)

    def tree(self, entries: Iterable[Entry]) -> Oid:
        """The id of the tree of `entries`, in any order. Raises InvalidName for a name that git refuses."""
        ordered = sorted(entries, key=_tree_order)
        names: set[bytes] = set()
        for entry in ordered:
            if not _is_entry_name(entry.name) or entry.name in names:
                raise InvalidName(
                    f"invalid name in a tree: {entry.name.decode('utf-8', 'backslashreplace')!r}"
                )
            names.add(entry.name)
        return self.add(
            b"tree", b"".join(b"%o %s\0%s" % (e.mode, e.name, bytes.fromhex(e.oid)) for e in ordered)
        )

    def commit(self, tree: Oid, parents: Sequence[Oid], identity: Identity, time: float, message: str) -> Oid:
        """The id of a commit that `identity` made at `time` (seconds since 1970); written in UTC."""
        who = f"{_clean(identity.name) or 'unknown'} <{_clean(identity.email)}> {max(0, int(time))} +0000"
        lines = [
            f"tree {tree}",
            *(f"parent {parent}" for parent in parents),
            f"author {who}",
            f"committer {who}",
        ]
        head = "\n".join(lines).encode("utf-8", "surrogateescape")
        text = message.replace("\0", "").rstrip("\n") + "\n"
        return self.add(b"commit", head + b"\n\n" + text.encode("utf-8", "replace"))

    def write_pack(self, path: Path, nonce: bytes | None = None) -> PackInfo:
        """A pack of everything collected, written to `path` whole or not at all (but not synced to disk).

        `nonce` adds a blob that nothing refers to, so that a second try gets another pack name: git may be
        dropping the pack of the first one at this moment.
        """
        work = path.with_name(path.name + ".tmp")
        order = sorted(self.oids, key=lambda oid: (_PACK_TYPES[self._kind(oid)], oid))
        with open(work, "wb") as file:
            pack = _PackWriter(file, _new_hash(self.object_format))
            pack.begin(len(order) + (nonce is not None))
            for oid in order:
                self._write_one(pack, oid)
            if nonce is not None:
                pack.whole(b"blob", b"gitexp retry " + nonce)
            checksum = pack.end()
        os.replace(work, path)
        return PackInfo(tuple(order), checksum, pack.written)

    def _kind(self, oid: Oid) -> bytes:
        return self.objects[oid][0] if oid in self.objects else self._loose[oid][0]

    def _write_one(self, pack: _PackWriter, oid: Oid) -> None:
        if oid in self.objects:
            pack.whole(*self.objects[oid])
            return
        kind, loose = self._loose[oid]
        with open(loose.path, "rb") as file:
            pack.streamed(kind, loose.size, _inflate_loose(file, oid)[2])


class _PackWriter:
    """A pack in format 2, without deltas, written front to back."""

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
    """A copy of a pack that `write_pack` made, with one more blob, so that it gets another name.

    Raises BrokenRecord where the pack is damaged.
    """
    data = path.read_bytes()
    digest = _new_hash(object_format)
    body, trailer = data[: -digest.digest_size], data[-digest.digest_size :]
    digest.update(body)
    if digest.digest() != trailer:
        raise BrokenRecord(f"our copy of the pack {path.name!r} is damaged")
    with open(target, "wb") as file:
        pack = _PackWriter(file, _new_hash(object_format))
        pack.begin(int.from_bytes(body[8:12], "big") + 1)
        pack.copied(body[12:])
        pack.whole(b"blob", b"gitexp retry " + nonce)
        pack.end()


def object_id(object_format: str, kind: bytes, data: bytes) -> Oid:
    """The name that git gives to `data` as a `kind`."""
    digest = _new_hash(object_format)
    digest.update(b"%s %d\0" % (kind, len(data)))
    digest.update(data)
    return Oid(digest.hexdigest())


def _new_hash(object_format: str) -> _Hash:
    return _HASHES[object_format](usedforsecurity=False)


def _tree_order(entry: Entry) -> bytes:
    return entry.name + b"/" if entry.is_folder else entry.name


def _is_entry_name(name: bytes) -> bool:
    return (
        bool(name)
        and not re.search(rb"[/\0]", name)
        and name not in (b".", b"..")
        and name.lower() != b".git"
    )


def _clean(text: str) -> str:
    """A name or address without what would break the commit's header, as git strips it."""
    return re.sub(r"[<>\n\0]", "", text).strip(" \t\r.,:;'\"\\")


def _pack_entry_header(kind: bytes, size: int) -> bytes:
    """The kind in 3 bits and the size in 4 bits, then 7 a byte (gitformat-pack, "object entries")."""
    byte = _PACK_TYPES[kind] << 4 | size & 0x0F
    size >>= 4
    header = bytearray()
    while size:
        header.append(byte | 0x80)
        byte = size & 0x7F
        size >>= 7
    header.append(byte)
    return bytes(header)


def _inflate_loose(file: BinaryIO, oid: Oid) -> tuple[bytes, int, Iterator[bytes]]:
    """Kind, declared size and content of an open loose object file; memory stays small whatever its size."""
    chunks = _inflate(file, oid)
    first = next(chunks, b"")
    header, end, rest = first.partition(b"\0")
    kind, _, size = header.partition(b" ")
    if not end or kind not in _PACK_TYPES or not size.isdigit():
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
