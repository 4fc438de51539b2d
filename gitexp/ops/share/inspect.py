"""The check of runs that came from elsewhere, before anybody sees them: all that they say is data."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence

from gitexp.errors import BrokenRecord, GitExpError, InvalidName
from gitexp.formats.record import ARTIFACT_FOLDER, SERIES_FOLDER
from gitexp.git.objects import EXECUTABLE, FILE, Entry
from gitexp.git.reader import LIMIT, ObjectReader
from gitexp.index.row import Row
from gitexp.model.names import RunName, is_twin
from gitexp.model.paths import safe_path
from gitexp.model.values import Oid
from gitexp.ops.records import FOLDER, Read, read_rows

MOST_FILES = 200_000
"""Files in one record."""
DEEPEST = 72
"""Folders below each other: artifacts may be 64 deep."""
_FOLDERS = (SERIES_FOLDER, ARTIFACT_FOLDER)


def inspect(reader: ObjectReader, places: Sequence[tuple[RunName, Oid]]) -> dict[RunName, GitExpError]:
    """Why some of the runs at `places` are not to be let in."""
    faults: dict[RunName, GitExpError] = {}
    for (name, commit), read in read_rows(reader, places):
        try:
            _check_name(name, read)
            _check_files(reader, name, commit)
        except GitExpError as error:
            faults[name] = error
    return faults


def _check_name(name: RunName, read: Read) -> None:
    """Raises what the reading came to, or BrokenRecord where it is the record of another run."""
    if not isinstance(read, Row):
        raise read
    recorded = json.loads(read.tail.info)["name"]
    if not is_twin(name, recorded):
        raise BrokenRecord(f"the record of run {name!r} is that of {recorded!r}")


def _check_files(reader: ObjectReader, name: RunName, commit: Oid) -> None:
    """Raises BrokenRecord or InvalidName for what no record of ours has."""
    kind, _ = reader.header(commit)
    folder = reader.resolve(commit, FOLDER) if kind == "commit" else None
    if folder is None or not folder.is_folder:
        raise BrokenRecord(f"run {name!r} carries no record", hint="git exp ls")
    seen: set[str] = set()
    for path, entry in _walk(reader, folder.oid, "", DEEPEST):
        _check_entry(reader, name, path, entry)
        place = _place(path)
        if place in seen:
            raise BrokenRecord(f"run {name!r} has two files {path!r}, which are one on other file systems")
        seen.add(place)
        if len(seen) > MOST_FILES:
            raise BrokenRecord(f"the record of run {name!r} has more than {MOST_FILES} files")


def _check_entry(reader: ObjectReader, name: RunName, path: str, entry: Entry) -> None:
    safe_path(path)
    if entry.is_folder:
        return
    if entry.mode not in (FILE, EXECUTABLE):
        raise BrokenRecord(f"{path!r} in the record of run {name!r} is a link or a submodule")
    if path in _FOLDERS:
        raise BrokenRecord(f"{path!r} in the record of run {name!r} is no folder")
    # Artifacts are streamed; what else a record has is read as a whole. That of most files was seen already.
    if path.endswith(".txt") and "/" not in path and (size := reader.header(entry.oid)[1]) > LIMIT:
        raise BrokenRecord(f"{path!r} in the record of run {name!r} has {size} bytes")


def _place(path: str) -> str:
    """What some file systems make of a path: case, the spelling of accents and final dots do not count."""
    parts = unicodedata.normalize("NFC", path).casefold().split("/")
    return "/".join(part.rstrip(". ") for part in parts)


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
