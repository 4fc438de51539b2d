"""Finding one's way through tree objects, whichever way objects are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from gitexp.errors import BrokenRecord
from gitexp.git.objects import FOLDER, Entry
from gitexp.model.values import Oid

Read: TypeAlias = Callable[[Oid], tuple[str, bytes]]
"""Gives the kind and the content of an object."""

Place: TypeAlias = tuple[Oid, str]
"""A commit or tree, and a path below it."""

MOST_AT_ONCE = 128 << 20
"""Bytes of all objects that are read with one question: a megabyte of a pack may hold many times that."""

_ENTRIES = {size: re.compile(rb"([0-7]{5,6}) ([^\0]+)\0(.{%d})" % size, re.DOTALL) for size in (20, 32)}
"""An entry, by the bytes of an id."""
_POINTS_AT = {
    "commit": re.compile(rb"tree ([0-9a-f]{40,64})\n"),
    "tag": re.compile(rb"object ([0-9a-f]{40,64})\n"),
}


def entries(read: Read, tree: Oid) -> list[Entry]:
    """The entries of the tree object `tree`, in git's order. Raises NotFound, BrokenRecord."""
    kind, data = read(tree)
    if kind != "tree":
        raise BrokenRecord(f"object '{tree}' is a {kind}, not a tree")
    return list(parse_tree(data, len(tree) // 2))


def resolve(read: Read, start: Oid, path: str) -> Entry | None:
    """The entry at `path` below a tree, commit or tag (the root for an empty path); None where there is none.

    Raises NotFound for an object that is missing, BrokenRecord for one that is corrupt.
    """
    found = _root(read, start)
    if found is None:
        return None
    root, data = found
    entry: Entry | None = Entry(b"", FOLDER, root)
    for name in path.encode("utf-8", "surrogateescape").split(b"/") if path else ():
        if entry is None or not entry.is_folder:
            return None
        if entry.oid != root:
            data = read(entry.oid)[1]
        entry = _entry(data, name, len(root) // 2)
    return entry


def blobs(
    specs: Sequence[Place],
    folders: Callable[[Sequence[Place]], list[Oid | None]],
    contents: Callable[[Sequence[Oid]], list[bytes]],
) -> list[bytes | None]:
    """The file at each place, None where there is none.

    Every folder is looked up once, however many of its files are wanted, and every object is read once:
    a large project's root tree is what costs. `folders` finds trees, `contents` reads objects, many at once.
    """
    split = [(oid, *_split(path)) for oid, path in specs]
    places = list(dict.fromkeys((oid, folder) for oid, folder, _ in split))
    tree_at = dict(zip(places, folders(places), strict=True))
    wanted: dict[Oid, set[bytes]] = {}
    for oid, folder, name in split:
        tree = tree_at[oid, folder]
        if tree is not None:
            wanted.setdefault(tree, set()).add(name)
    listings = zip(wanted, contents(list(wanted)), strict=True)
    files = {
        (tree, entry.name): entry.oid
        for tree, data in listings
        for entry in parse_tree(data, len(tree) // 2)
        if entry.name in wanted[tree] and not entry.is_folder and not entry.is_submodule
    }
    oids = list(dict.fromkeys(files.values()))
    read = dict(zip(oids, contents(oids), strict=True))
    found: list[bytes | None] = []
    for oid, folder, name in split:
        tree = tree_at[oid, folder]
        file = files.get((tree, name)) if tree is not None else None
        found.append(read[file] if file is not None else None)
    return found


def parse_tree(data: bytes, hash_size: int) -> Iterator[Entry]:
    """The entries of a tree's content, in its order; `hash_size` is 20 or 32 bytes. Raises BrokenRecord."""
    for mode, name, oid in raw_entries(data, hash_size):
        yield Entry(name, int(mode, 8), Oid(oid.hex()))


def raw_entries(data: bytes, hash_size: int) -> list[tuple[bytes, bytes, bytes]]:
    """Mode, name and binary id of each entry of a tree's content. Raises BrokenRecord."""
    found = _ENTRIES[hash_size].findall(data)
    if sum([len(mode) + len(name) for mode, name, _ in found]) + len(found) * (hash_size + 2) != len(data):
        raise BrokenRecord("a tree object is corrupt", hint="git fsck")
    return found


def check_size(what: str, size: int, limit: int) -> None:
    """Raises BrokenRecord where `what` has more bytes than are read into memory."""
    if size > limit:
        raise BrokenRecord(f"'{what}' has {size} bytes, more than the {limit} that are read at once")


def check_total(sizes: int) -> None:
    """Raises BrokenRecord where objects that are asked for together have more bytes than memory is for."""
    if sizes > MOST_AT_ONCE:
        raise BrokenRecord(f"more than {MOST_AT_ONCE} bytes would be read at once")


def _root(read: Read, start: Oid) -> tuple[Oid, bytes] | None:
    """The tree that `start` is or leads to, and its content; None for a blob."""
    kind, data = read(start)
    while kind != "tree":
        if kind not in _POINTS_AT:
            return None
        target = _POINTS_AT[kind].match(data)
        if target is None:
            raise BrokenRecord(f"object '{start}' is corrupt", hint="git fsck")
        start = Oid(target[1].decode())
        kind, data = read(start)
    return start, data


def _split(path: str) -> tuple[str, bytes]:
    """Folder and name."""
    folder, _, name = path.rpartition("/")
    return folder, name.encode("utf-8", "surrogateescape")


def _entry(data: bytes, name: bytes, hash_size: int) -> Entry | None:
    """The entry called `name`, without taking the others apart."""
    wanted = b" " + name
    if wanted + b"\0" not in data:
        return None
    return next((entry for entry in parse_tree(data, hash_size) if entry.name == name), None)
