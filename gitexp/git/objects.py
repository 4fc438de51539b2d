"""Git objects made in memory, and the one pack that carries them into a repository.

Encoded here and not by dulwich: importing dulwich.objects and dulwich.pack costs 30 ms in every process that
records, the encoding itself is this file. The tests hold the two (and git) against each other.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from gitexp.errors import BrokenRecord, InvalidName
from gitexp.git.loose import open_loose
from gitexp.git.packfile import PACK_TYPES, PackWriter, new_hash
from gitexp.model.values import Oid
from gitexp.sharing import share

FILE = 0o100644
EXECUTABLE = 0o100755
SYMLINK = 0o120000
FOLDER = 0o040000
SUBMODULE = 0o160000
_PARENT = re.compile(rb"^parent ([0-9a-f]{40,64})$", re.MULTILINE)


class Identity(NamedTuple):
    """An author, as git has it."""

    name: str
    email: str


class Entry(NamedTuple):
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


class PackInfo(NamedTuple):
    """A pack file that was written."""

    oids: tuple[Oid, ...]
    """What is in it, in the order of the pack; the nonce is left out."""
    checksum: str
    """Its trailer in hex."""
    size: int
    """Bytes."""


class _Loose(NamedTuple):
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
        if kind not in PACK_TYPES:
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
        digest = new_hash(self.object_format)
        size = 0
        with open(path, "rb") as file:
            kind, declared, chunks = open_loose(file, named)
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
        order = sorted(self.oids, key=lambda oid: (PACK_TYPES[self._kind(oid)], oid))
        with open(work, "wb") as file:
            pack = PackWriter(file, new_hash(self.object_format))
            pack.begin(len(order) + (nonce is not None))
            for oid in order:
                self._write_one(pack, oid)
            if nonce is not None:
                pack.whole(b"blob", b"gitexp retry " + nonce)
            checksum = pack.end()
        share(work)
        os.replace(work, path)
        return PackInfo(tuple(order), checksum, pack.written)

    def _kind(self, oid: Oid) -> bytes:
        return self.objects[oid][0] if oid in self.objects else self._loose[oid][0]

    def _write_one(self, pack: PackWriter, oid: Oid) -> None:
        if oid in self.objects:
            pack.whole(*self.objects[oid])
            return
        kind, loose = self._loose[oid]
        with open(loose.path, "rb") as file:
            pack.streamed(kind, loose.size, open_loose(file, oid)[2])


def parents_in(head: bytes) -> list[Oid]:
    """The parents that the head of a commit names, in their order."""
    return [Oid(parent.decode()) for parent in _PARENT.findall(head)]


def object_id(object_format: str, kind: bytes, data: bytes) -> Oid:
    """The name that git gives to `data` as a `kind`."""
    digest = new_hash(object_format)
    digest.update(b"%s %d\0" % (kind, len(data)))
    digest.update(data)
    return Oid(digest.hexdigest())


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
