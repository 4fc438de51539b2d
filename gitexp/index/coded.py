"""The runs of one code tree in the index, without reading the others: a commit waits for this."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from gitexp.index import schema
from gitexp.index.database import BrokenRun, Key, broken_runs, sound, tails, transaction
from gitexp.index.row import Row

_PLACES = "SELECT name, commit_id, instr(info, ?) FROM runs"
_ARCHIVED = "SELECT 1 FROM archived WHERE instr(info, ?) LIMIT 1"


class Coded(NamedTuple):
    """What the index knows of a code tree, and of which runs it knows anything."""

    places: Sequence[Key] = ()
    """Every run, in no order."""
    broken: Sequence[BrokenRun] = ()
    archives: Sequence[tuple[str, str]] = ()
    """The ref and the tip of each archive."""
    rows: Sequence[Row] = ()
    """The runs in whose `run.yaml` the tree stands."""
    archived: bool = False
    """Whether archives have such runs."""


def read(connection: sqlite3.Connection, tree: str) -> Coded:
    with transaction(connection, "BEGIN"):
        found = connection.execute(_PLACES, (tree,)).fetchall()
        rows = [row for name, _, at in found if at for row in _row(connection, name)]
        archives = connection.execute("SELECT ref, tip FROM archives").fetchall()
        archived = bool(archives) and connection.execute(_ARCHIVED, (tree,)).fetchone() is not None
        places = [(name, commit) for name, commit, _ in found]
        return Coded(places, broken_runs(connection), archives, rows, archived)


def _row(connection: sqlite3.Connection, name: str) -> list[Row]:
    """None where it is not as it was written."""
    shapes = dict(connection.execute("SELECT id, keys FROM shapes"))
    heads = sound(connection.execute(f"{schema.HEADS} WHERE name = ?", (name,)).fetchall(), shapes)
    rest = tails(connection, schema.TAILS, "WHERE name = ?", (name,))
    return [Row(head, rest[head.name, head.commit]) for head in heads if (head.name, head.commit) in rest]
