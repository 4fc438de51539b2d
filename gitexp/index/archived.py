"""Runs of archives in the index: each archive as its tip had it."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from gitexp.index import schema
from gitexp.index.database import sound, stored, transaction
from gitexp.index.row import Head, Row

_SIGNS = 3
"""Columns before those of a head: archive, at, run_id."""


class Placed(NamedTuple):
    """A run of an archive."""

    at: int
    """When its commit was made, in seconds since 1970."""
    run_id: str
    head: Head


class Archived(NamedTuple):
    """An archive as it was when it was last read."""

    tip: str
    parts: str
    """What was read of it; what it says is the caller's matter."""
    runs: Sequence[Placed] = ()


class PlacedRow(NamedTuple):
    """A run of an archive, to be written."""

    at: int
    run_id: str
    row: Row


class ArchiveChanges(NamedTuple):
    """What brings one archive up to date."""

    ref: str
    before: str | None
    """The tip that the changes begin at; None where `rows` are all."""
    tip: str
    parts: str
    gone: Collection[str]
    """Names of runs that it holds no more."""
    rows: Sequence[PlacedRow]
    total: int
    """How many runs it holds then."""


def read(connection: sqlite3.Connection, beginning: str) -> dict[str, Archived]:
    """The archives by their refs; one of which a row is not as it was written is left out."""
    with transaction(connection, "BEGIN"):
        known = connection.execute("SELECT id, ref, tip, parts, runs FROM archives").fetchall()
        shapes = dict(connection.execute("SELECT id, keys FROM shapes"))
        if beginning:
            # Names are ASCII: none that begins so comes after this.
            where, values = "WHERE name >= ? AND name < ?", (beginning, beginning + "\x7f")
            rows = connection.execute(f"{schema.ARCHIVED_HEADS} {where}", values).fetchall()
        else:
            rows = connection.execute(schema.ARCHIVED_HEADS).fetchall()
    runs = _by_archive(rows, shapes)
    found = {}
    for number, ref, tip, parts, count in known:
        if isinstance(ref, str) and (beginning or len(runs.get(number, ())) == count):
            found[ref] = Archived(str(tip), str(parts), runs.get(number, ()))
    return found


def write(connection: sqlite3.Connection, changes: ArchiveChanges) -> bool:
    """Whether the archive was as the changes expect it; then they are made, all at once."""
    with transaction(connection, "BEGIN IMMEDIATE"):
        found = connection.execute("SELECT id, tip FROM archives WHERE ref = ?", (changes.ref,)).fetchone()
        if changes.before is not None and (found is None or found[1] != changes.before):
            return False
        signs = changes.ref, changes.tip, changes.parts, changes.total
        if found is None:
            asked = "INSERT INTO archives (ref, tip, parts, runs) VALUES (?, ?, ?, ?)"
            number = connection.execute(asked, signs).lastrowid
        else:
            number = found[0]
            asked = "UPDATE archives SET ref = ?, tip = ?, parts = ?, runs = ? WHERE id = ?"
            connection.execute(asked, (*signs, number))
        if changes.before is None:
            connection.execute("DELETE FROM archived WHERE archive = ?", (number,))
        names = [(name, number) for name in changes.gone]
        connection.executemany("DELETE FROM archived WHERE name = ? AND archive = ?", names)
        rows = zip(changes.rows, stored(connection, [one.row for one in changes.rows]), strict=True)
        placed = ((number, one.at, one.run_id, *row) for one, row in rows)
        connection.executemany(schema.INSERT_ARCHIVED, placed)
    return True


def forget(connection: sqlite3.Connection, but: Collection[str]) -> None:
    """Removes all archives `but` those."""
    with transaction(connection, "BEGIN IMMEDIATE"):
        for number, ref in connection.execute("SELECT id, ref FROM archives").fetchall():
            if ref not in but:
                connection.execute("DELETE FROM archived WHERE archive = ?", (number,))
                connection.execute("DELETE FROM archives WHERE id = ?", (number,))


def _by_archive(rows: Sequence[tuple[Any, ...]], shapes: Mapping[int, str]) -> dict[int, list[Placed]]:
    """The rows that are as they were written, by the number of their archive."""
    heads = sound([row[_SIGNS:] for row in rows], shapes)
    found: dict[int, list[Placed]] = {}
    if len(heads) != len(rows):
        good = {(head.name, head.commit) for head in heads}
        rows = [row for row in rows if (row[_SIGNS], row[_SIGNS + 1]) in good]
        heads = heads if len(heads) == len(rows) else []
    for (number, at, run_id, *_), head in zip(rows, heads, strict=False):
        found.setdefault(number, []).append(Placed(at, run_id, head))
    return found
