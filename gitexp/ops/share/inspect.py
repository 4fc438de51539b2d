"""The check of runs that came from elsewhere, before anybody sees them: all that they say is data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitexp.errors import BrokenRecord, GitExpError, InvalidName
from gitexp.git.objects import EXECUTABLE, FILE, Entry
from gitexp.git.reader import ObjectReader
from gitexp.model.names import RunName
from gitexp.model.paths import safe_path
from gitexp.model.values import Oid
from gitexp.ops.records import FOLDER, read_rows

MOST_FILES = 200_000
"""Files in one record."""
DEEPEST = 32
"""Folders below each other."""


def inspect(reader: ObjectReader, places: Sequence[tuple[RunName, Oid]]) -> dict[RunName, GitExpError]:
    """Why some of the runs at `places` are not to be let in."""
    faults = {name: read for (name, _), read in read_rows(reader, places) if isinstance(read, GitExpError)}
    for name, commit in places:
        if name not in faults:
            try:
                _check_files(reader, name, commit)
            except GitExpError as error:
                faults[name] = error
    return faults


def _check_files(reader: ObjectReader, name: RunName, commit: Oid) -> None:
    """Raises BrokenRecord or InvalidName for what no record of ours has."""
    kind, _ = reader.header(commit)
    folder = reader.resolve(commit, FOLDER) if kind == "commit" else None
    if folder is None or not folder.is_folder:
        raise BrokenRecord(f"run {name!r} carries no record", hint="git exp ls")
    seen: set[str] = set()
    for path, entry in _walk(reader, folder.oid, "", DEEPEST):
        if not entry.is_folder and entry.mode not in (FILE, EXECUTABLE):
            raise BrokenRecord(f"{path!r} in the record of run {name!r} is a link or a submodule")
        folded = safe_path(path).casefold()
        if folded in seen:
            raise BrokenRecord(f"run {name!r} has two files {path!r} that differ in case alone")
        seen.add(folded)
        if len(seen) > MOST_FILES:
            raise BrokenRecord(f"the record of run {name!r} has more than {MOST_FILES} files")


def _walk(reader: ObjectReader, tree: Oid, prefix: str, left: int) -> Iterator[tuple[str, Entry]]:
    if not left:
        raise BrokenRecord(f"folders below {prefix!r} are deeper than {DEEPEST}")
    for entry in reader.entries(tree):
        try:
            path = prefix + entry.name.decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidName(f"a name below {prefix!r} is not UTF-8") from None
        yield path, entry
        if entry.is_folder:
            yield from _walk(reader, entry.oid, path + "/", left - 1)
