"""The tables of the index, and the sign that a file is one of ours."""

from __future__ import annotations

import sqlite3

APPLICATION = 0x67657870
"""`gexp`: SQLite's own place for whose file it is."""
VERSION = 4
"""Of the tables and what is put into them. An index of another version is made anew: nothing is lost."""

PAGE = 8192
"""Bytes: a row has about 2,000, and most reads read all rows."""

_COLUMNS = """
    commit_id TEXT NOT NULL,
    started REAL NOT NULL, ended REAL, status TEXT NOT NULL,
    title TEXT, run_group TEXT, star INTEGER NOT NULL, tags TEXT NOT NULL,
    cells TEXT NOT NULL, shape INTEGER NOT NULL REFERENCES shapes, head_check INTEGER NOT NULL,
    info TEXT NOT NULL, inputs TEXT NOT NULL, env TEXT NOT NULL, artifacts TEXT NOT NULL,
    steps TEXT NOT NULL, series TEXT NOT NULL, tail_check INTEGER NOT NULL
"""
REPRODUCING = """instr(info, '"reproduction": {"of": ')"""
"""True of the runs that reproduce another one, which are few: an index has just them."""

_TABLES = f"""
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
CREATE TABLE shapes (id INTEGER PRIMARY KEY, keys TEXT NOT NULL UNIQUE);
CREATE TABLE runs (name TEXT PRIMARY KEY, {_COLUMNS});
CREATE TABLE broken (name TEXT PRIMARY KEY, commit_id TEXT NOT NULL, error TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE archives (
    id INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE, tip TEXT NOT NULL, parts TEXT NOT NULL,
    runs INTEGER NOT NULL
);
CREATE TABLE archived (
    archive INTEGER NOT NULL, at INTEGER NOT NULL, run_id TEXT NOT NULL,
    name TEXT NOT NULL, {_COLUMNS}, UNIQUE (name, archive)
);
CREATE INDEX reproducing ON runs (name) WHERE {REPRODUCING};
CREATE INDEX archived_reproducing ON archived (name) WHERE {REPRODUCING};
"""

_HEAD = "name, commit_id, started, ended, status, title, run_group, star, tags, cells, shape, head_check"
_TAIL = "name, commit_id, info, inputs, env, artifacts, steps, series, tail_check"
HEADS = f"SELECT {_HEAD} FROM runs"
TAILS = f"SELECT {_TAIL} FROM runs"
ARCHIVED_HEADS = f"SELECT archive, at, run_id, {_HEAD} FROM archived"
ARCHIVED_TAILS = f"SELECT {_TAIL} FROM archived"
INSERT = f"INSERT OR REPLACE INTO runs VALUES ({', '.join('?' * 19)})"
INSERT_ARCHIVED = f"INSERT OR REPLACE INTO archived VALUES ({', '.join('?' * 22)})"


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty file. Raises ValueError where it is another program's or version's."""
    if _is_current(connection):
        return
    connection.execute(f"PRAGMA page_size = {PAGE}")
    connection.execute("BEGIN IMMEDIATE")
    # Another process may have made them by now.
    if _is_empty(connection):
        for statement in _TABLES.split(";\n"):
            connection.execute(statement)
    connection.commit()
    if not _is_current(connection):
        raise ValueError("this index is of another program or version")


def _is_current(connection: sqlite3.Connection) -> bool:
    signs = [
        connection.execute(f"PRAGMA {sign}").fetchone()[0] for sign in ("application_id", "user_version")
    ]
    return signs == [APPLICATION, VERSION]


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None
