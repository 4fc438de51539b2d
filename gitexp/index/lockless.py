"""File systems on which locks do not work: the index is changed in a copy, which then takes its place."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from gitexp.index.schema import prepare
from gitexp.sharing import share

T = TypeVar("T")


def locks_work(folder: Path) -> bool:
    """Whether a file in `folder` can be locked; also True where no file can be made there."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
    except OSError:
        pass
    return True


def on_copy(path: Path, action: Callable[[sqlite3.Connection], T], otherwise: T, write: bool) -> T:
    """What `action` makes of a copy of the database; with `write` the copy then replaces it.

    Of two writers at once the later one's changes stay: what is lost is read again.
    Raises OSError, sqlite3.Error.
    """
    if not write and not path.exists():
        return otherwise
    with tempfile.TemporaryDirectory(prefix="index-", dir=path.parent if write else None) as folder:
        copy = Path(folder) / path.name
        with suppress(FileNotFoundError):
            shutil.copyfile(path, copy)
        with closing(
            sqlite3.connect(f"{copy.as_uri()}?nolock=1", uri=True, isolation_level=None)
        ) as connection:
            prepare(connection)
            found = action(connection)
        if write:
            share(copy)
            os.replace(copy, path)
    return found
