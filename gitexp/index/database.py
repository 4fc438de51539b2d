"""The SQLite file: opened, read and brought up to date; whatever is wrong with it, it can only be slower."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

from gitexp.index import schema
from gitexp.index.row import Head, Row, Tail, checksum, checksums
from gitexp.index.schema import prepare
from gitexp.sharing import make_folder, share

if TYPE_CHECKING:
    from gitexp.index.archived import ArchiveChanges, Archived
    from gitexp.index.coded import Coded

_GLANCE, _PATIENCE = 0.1, 5.0
"""Seconds in which others' writes are waited for, at first and then."""
_BATCH = 2000
"""Runs that are written at once: a fill that is killed need not begin anew."""

_PASSING = r"locked|locking|busy|I/O|unable to open|read-?only|full|permission|access"
"""In SQLite's words: the file is not to blame."""

T = TypeVar("T")
Key: TypeAlias = tuple[str, str]
"""Name and commit of a run."""


class BrokenRun(NamedTuple):
    """A ref whose record cannot be read, and why."""

    name: str
    commit: str
    error: str
    """JSON; what it says is the caller's matter."""


class Contents(NamedTuple):
    """What the index knows."""

    heads: Sequence[Head] = ()
    broken: Sequence[BrokenRun] = ()


class Changes(NamedTuple):
    """What brings the index up to date."""

    gone: Collection[str]
    """Names of runs that are no more."""
    rows: Sequence[Row]
    broken: Sequence[BrokenRun]
    """All that are broken now."""


class Index:
    """The index in the file `path`, which need not exist. No method raises for a file that is bad."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Contents:
        """All that is known; nothing where there is no index that can be read."""
        return self._tried(_contents, Contents(), create=False)

    def tails(self) -> dict[Key, Tail]:
        """The rest of each run; those that are not as they were written are left out."""
        return self._tried(_tails, {}, create=False)

    def tail(self, name: str) -> dict[Key, Tail]:
        """As `tails`, of one run."""
        return self._tried(lambda open: _tails(open, "WHERE name = ?", (name,)), {}, create=False)

    def tails_with(self, text: str) -> dict[Key, Tail]:
        """As `tails`, of the runs in whose `run.yaml` that text stands."""
        return self._tried(lambda open: _tails(open, "WHERE instr(info, ?)", (text,)), {}, create=False)

    def with_code(self, tree: str) -> Coded:
        """What is known of the runs with that code tree."""
        from gitexp.index.coded import Coded, read

        return self._tried(lambda open: read(open, tree), Coded(), create=False)

    def reproducing(self, name: str) -> dict[Key, Tail]:
        """As `tails`, of the runs that reproduce the run `name`; the others are not looked at."""
        where = f"WHERE {schema.REPRODUCING} AND instr(info, ?)"
        told = f'"reproduction": {{"of": {{"name": "{name}"'
        return self._tried(lambda open: _tails(open, where, (told,)), {}, create=False)

    def write(self, changes: Changes) -> bool:
        """Whether the changes were kept: not so on a read-only or full disk, or while others write long."""
        rows = changes.rows
        for start in range(0, max(1, len(rows)), _BATCH):
            part = changes._replace(rows=rows[start : start + _BATCH])
            if not self._tried(partial(_write, changes=part), False, create=True):
                return False
        return True

    def archives(self, beginning: str = "") -> dict[str, Archived]:
        """What is known of each archive, by its ref; of its runs those whose name has that `beginning`."""
        from gitexp.index.archived import read  # most repositories have no archive

        return self._tried(lambda open: read(open, beginning), {}, create=False)

    def write_archive(self, changes: ArchiveChanges) -> bool:
        """Whether the changes were kept; not so either where they begin at a tip that is not known."""
        from gitexp.index.archived import write

        return self._tried(lambda open: write(open, changes), False, create=True)

    def forget_archives(self, but: Collection[str]) -> None:
        """Lets go of the archives that have no ref any more: of all `but` those."""
        from gitexp.index.archived import forget

        self._tried(lambda open: forget(open, but), None, create=False)

    def slack(self) -> int:
        """Bytes of the file that hold nothing any more."""
        return self._tried(_slack, 0, create=False)

    def compact(self) -> None:
        """Give the slack back to the disk."""
        self._tried(lambda connection: connection.execute("VACUUM").close(), None, create=False)

    def _tried(self, action: Callable[[sqlite3.Connection], T], otherwise: T, *, create: bool) -> T:
        """What `action` makes of the database; one that is damaged or foreign is made anew."""
        # Where locks do not work every file looks locked: only where they do is it worth while to wait.
        for patience in (_GLANCE, _PATIENCE):
            try:
                return self._done(action, otherwise, create, patience)
            except OSError:
                break
            except (sqlite3.Error, ValueError, LookupError) as error:
                if not isinstance(error, sqlite3.Error) or not re.search(_PASSING, str(error)):
                    # Damaged, of another version, or not a database at all.
                    _discard(self.path)
                elif self._is_lockless():
                    return self._on_copy(action, otherwise, create)
        return otherwise

    def _is_lockless(self) -> bool:
        from gitexp.index.lockless import locks_work  # heavy, and hardly ever needed

        return not locks_work(self.path.parent)

    def _on_copy(self, action: Callable[[sqlite3.Connection], T], otherwise: T, create: bool) -> T:
        from gitexp.index.lockless import on_copy

        try:
            return on_copy(self.path, action, otherwise, create)
        except OSError:
            return otherwise
        except (sqlite3.Error, ValueError, LookupError):
            _discard(self.path)
            return otherwise

    def _done(
        self, action: Callable[[sqlite3.Connection], T], otherwise: T, create: bool, patience: float
    ) -> T:
        if not create and not self.path.exists():
            return otherwise
        if create:
            make_folder(self.path.parent)
            if not self.path.exists():
                # SQLite gives the files beside it what permissions this one has.
                self.path.touch()
                share(self.path)
        with closing(sqlite3.connect(self.path, timeout=patience, isolation_level=None)) as connection:
            prepare(connection)
            return action(connection)


def _discard(path: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        with suppress(OSError):
            os.unlink(f"{path}{suffix}")


def _contents(connection: sqlite3.Connection) -> Contents:
    with transaction(connection, "BEGIN"):
        shapes = dict(connection.execute("SELECT id, keys FROM shapes"))
        heads = connection.execute(schema.HEADS).fetchall()
        broken = broken_runs(connection)
    return Contents(sound(heads, shapes), broken)


def broken_runs(connection: sqlite3.Connection) -> list[BrokenRun]:
    return [BrokenRun(*row) for row in connection.execute("SELECT * FROM broken") if is_text(row)]


def is_text(row: Sequence[Any]) -> bool:
    return all(isinstance(value, str) for value in row)


def sound(rows: Sequence[tuple[Any, ...]], shapes: Mapping[int, str]) -> list[Head]:
    """The stored rows as heads, without those that are not what was written."""
    if not rows:
        return []
    # By columns: 10,000 rows one by one take twice as long.
    *columns, ids, checks = zip(*rows, strict=True)
    columns.append(tuple(map(shapes.get, ids, repeat(""))))
    heads = list(map(Head._make, zip(*columns, strict=True)))
    found = checksums(columns)
    if found == list(checks):
        return heads
    return [head for head, check, stored in zip(heads, found, checks, strict=True) if check == stored]


def _tails(connection: sqlite3.Connection, where: str = "", values: Sequence[str] = ()) -> dict[Key, Tail]:
    found: dict[Key, Tail] = {}
    # What a run's own ref says comes last, and so stays where an archive says something else.
    for table in (schema.ARCHIVED_TAILS, schema.TAILS):
        found |= tails(connection, table, where, values)
    return found


def tails(connection: sqlite3.Connection, table: str, where: str, values: Sequence[str]) -> dict[Key, Tail]:
    """The tails that `table` selects, without those that are not what was written."""
    return {
        (name, commit): Tail(*texts)
        for name, commit, *texts, check in connection.execute(f"{table} {where}", values)
        if checksum(texts) == check
    }


def _slack(connection: sqlite3.Connection) -> int:
    pages, size = (
        connection.execute(f"PRAGMA {sign}").fetchone()[0] for sign in ("freelist_count", "page_size")
    )
    return int(pages * size)


def _write(connection: sqlite3.Connection, changes: Changes) -> bool:
    with transaction(connection, "BEGIN IMMEDIATE"):
        connection.executemany("DELETE FROM runs WHERE name = ?", [(name,) for name in changes.gone])
        connection.executemany(schema.INSERT, stored(connection, changes.rows))
        connection.execute("DELETE FROM broken")
        connection.executemany("INSERT OR REPLACE INTO broken VALUES (?, ?, ?)", changes.broken)
    return True


def stored(connection: sqlite3.Connection, rows: Sequence[Row]) -> Iterator[tuple[object, ...]]:
    """The rows as the table holds them; their shapes are put in on the way."""
    shapes = {head.shape for head, _ in rows}
    connection.executemany("INSERT OR IGNORE INTO shapes (keys) VALUES (?)", [(keys,) for keys in shapes])
    ids = {keys: number for number, keys in connection.execute("SELECT id, keys FROM shapes")}
    for head, tail in rows:
        (check,) = checksums([(value,) for value in head])
        yield *head[:-1], ids[head.shape], check, *tail, checksum(tail)


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    """Commits at the end, and rolls back whatever is raised."""
    connection.execute(begin)
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
