"""The packs of a repository and what is in them, read from their indexes (gitformat-pack, version 2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gitexp.errors import BrokenRecord
from gitexp.git.layout import Layout
from gitexp.git.write import KEEP
from gitexp.model.values import Oid

_MAGIC = b"\xfftOc\0\0\0\x02"
_FANOUT = 8 + 256 * 4
SUFFIXES = (".idx", ".pack", ".rev", ".bitmap", ".mtimes", ".keep")
"""Files of a pack, in the order in which they are removed: without its index no git looks into it."""


@dataclass(frozen=True, slots=True)
class Pack:
    """One pack, as it was found."""

    name: str
    """The files are `objects/pack/pack-<name>.*`."""
    oids: frozenset[Oid]
    kept_for: str | None
    """What our own `.keep` says; None where there is none of ours."""
    foreign: bool
    """Whether somebody else wants it left alone: another `.keep`, or a promisor."""
    modified: int
    """When it was last written or asked for, in nanoseconds."""


def all_packs(layout: Layout) -> list[Pack]:
    """Every complete pack. Raises BrokenRecord for an index of another format."""
    return list(_found(layout))


def read_index(path: Path, hash_size: int) -> frozenset[Oid]:
    """The ids of the objects in a pack, from its `.idx`. Raises BrokenRecord, OSError."""
    data = path.read_bytes()
    if not data.startswith(_MAGIC) or len(data) < _FANOUT:
        raise BrokenRecord(f"pack index {path.name!r} is of another format", hint="git repack -ad")
    count = int.from_bytes(data[_FANOUT - 4 : _FANOUT], "big")
    end = _FANOUT + count * hash_size
    if len(data) < end:
        raise BrokenRecord(f"pack index {path.name!r} is damaged", hint="git fsck")
    return frozenset(Oid(data[at : at + hash_size].hex()) for at in range(_FANOUT, end, hash_size))


def remove_pack(layout: Layout, name: str) -> None:
    """Takes the files of a pack away."""
    for suffix in SUFFIXES:
        (layout.packs / f"pack-{name}{suffix}").unlink(missing_ok=True)


def hash_size(layout: Layout) -> int:
    """Bytes of an object id."""
    return 32 if layout.object_format == "sha256" else 20


def _found(layout: Layout) -> Iterator[Pack]:
    for path in sorted(layout.packs.glob("pack-*.idx")):
        pack = path.with_suffix(".pack")
        # A pack may go at any time: git's maintenance is another process.
        with suppress(FileNotFoundError):
            keep = _keep(path.with_suffix(".keep"))
            ours = keep is not None and keep.startswith(KEEP)
            yield Pack(
                name=path.stem.removeprefix("pack-"),
                oids=read_index(path, hash_size(layout)),
                kept_for=keep.removeprefix(KEEP).strip() if keep is not None and ours else None,
                foreign=(keep is not None and not ours) or path.with_suffix(".promisor").exists(),
                modified=pack.stat().st_mtime_ns,
            )


def _keep(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return None
