"""The check of runs that came from elsewhere, before anybody sees them: all that they say is data."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress

from gitexp.errors import BrokenRecord, GitExpError, InvalidName, NotFound
from gitexp.formats.record import ARTIFACT_FOLDER, SERIES_FOLDER
from gitexp.git.objects import EXECUTABLE, FILE, Entry
from gitexp.git.reader import LIMIT, ObjectReader
from gitexp.git.trees import check_size, parse_tree
from gitexp.index.row import Row
from gitexp.model.names import RunName, is_twin
from gitexp.model.paths import safe_path
from gitexp.model.values import Oid
from gitexp.ops.records import FOLDER, Read, read_rows

MOST_FILES = 200_000
"""Files in one record."""
DEEPEST = 72
"""Folders below each other: artifacts may be 64 deep."""
_AT_ONCE = 64
"""Runs whose trees are asked for together."""
_USUAL_DEPTH = 2
"""Of folders in a record: deeper ones are read one by one."""
_FOLDERS = (SERIES_FOLDER, ARTIFACT_FOLDER)


def inspect(reader: ObjectReader, places: Sequence[tuple[RunName, Oid]]) -> dict[RunName, GitExpError]:
    """Why some of the runs at `places` are not to be let in."""
    faults: dict[RunName, GitExpError] = {}
    for start in range(0, len(places), _AT_ONCE):
        batch = places[start : start + _AT_ONCE]
        trees = _Trees(reader, [commit for _, commit in batch])
        for (name, commit), read in read_rows(reader, batch):
            try:
                _check_name(name, read)
                _check_files(trees, name, commit)
            except GitExpError as error:
                faults[name] = error
    return faults


class _Trees:
    """Reads trees of records; most of a batch's were asked for at once."""

    def __init__(self, reader: ObjectReader, commits: Sequence[Oid]) -> None:
        self.reader = reader
        self._entries: dict[Oid, list[Entry]] = {}
        self._sizes: dict[Oid, int] = {}
        self._folders: dict[Oid, Oid | None] = {}
        # What is too much at once, or missing, is met again where it is one run's.
        with suppress(BrokenRecord, NotFound):
            self._folders = dict(
                zip(commits, reader.folders([(one, FOLDER) for one in commits]), strict=True)
            )
            left = [folder for folder in self._folders.values() if folder is not None]
            for _ in range(_USUAL_DEPTH):
                left = self._ask(left)

    def folder(self, commit: Oid) -> Oid | None:
        """The tree of the record; None where the object is no commit, or carries none.

        Raises BrokenRecord for a commit that is too large to be read.
        """
        kind, size = self.reader.header(commit)
        if kind != "commit":
            return None
        check_size(commit, size, LIMIT)
        if commit not in self._folders:
            self._folders[commit] = self.reader.folders([(commit, FOLDER)])[0]
        return self._folders[commit]

    def entries(self, tree: Oid) -> list[Entry]:
        known = self._entries.get(tree)
        return self.reader.entries(tree) if known is None else known

    def size(self, blob: Oid) -> int:
        if blob not in self._sizes:
            self._sizes[blob] = self.reader.header(blob)[1]
        return self._sizes[blob]

    def _ask(self, trees: Sequence[Oid]) -> list[Oid]:
        """Reads `trees`; gives those in them that were not read before."""
        asked = [tree for tree in dict.fromkeys(trees) if tree not in self._entries]
        # What calls itself a folder may be something else.
        found = self.reader.folders([(tree, "") for tree in asked])
        wanted = [tree for tree, there in zip(asked, found, strict=True) if tree == there]
        for tree, data in zip(wanted, self.reader.contents(wanted), strict=True):
            self._entries[tree] = list(parse_tree(data, len(tree) // 2))
        return [entry.oid for tree in wanted for entry in self._entries[tree] if entry.is_folder]


def _check_name(name: RunName, read: Read) -> None:
    """Raises what the reading came to, or BrokenRecord where it is the record of another run."""
    if not isinstance(read, Row):
        raise read
    recorded = json.loads(read.tail.info)["name"]
    if not is_twin(name, recorded):
        raise BrokenRecord(f"the record of run {name!r} is that of {recorded!r}")


def _check_files(trees: _Trees, name: RunName, commit: Oid) -> None:
    """Raises BrokenRecord or InvalidName for what no record of ours has."""
    folder = trees.folder(commit)
    if folder is None:
        raise BrokenRecord(f"run {name!r} carries no record", hint="git exp ls")
    seen: set[str] = set()
    for path, entry in _walk(trees, folder, "", DEEPEST):
        _check_entry(trees, name, path, entry)
        place = _place(path)
        if place in seen:
            raise BrokenRecord(f"run {name!r} has two files {path!r}, which are one on other file systems")
        seen.add(place)
        if len(seen) > MOST_FILES:
            raise BrokenRecord(f"the record of run {name!r} has more than {MOST_FILES} files")


def _check_entry(trees: _Trees, name: RunName, path: str, entry: Entry) -> None:
    safe_path(path)
    if entry.is_folder:
        return
    if entry.mode not in (FILE, EXECUTABLE):
        raise BrokenRecord(f"{path!r} in the record of run {name!r} is a link or a submodule")
    if path in _FOLDERS:
        raise BrokenRecord(f"{path!r} in the record of run {name!r} is no folder")
    # Artifacts are streamed; what else a record has is read as a whole. That of most files was seen already.
    if path.endswith(".txt") and "/" not in path and (size := trees.size(entry.oid)) > LIMIT:
        raise BrokenRecord(f"{path!r} in the record of run {name!r} has {size} bytes")


def _place(path: str) -> str:
    """What some file systems make of a path: case, the spelling of accents and final dots do not count."""
    parts = unicodedata.normalize("NFC", path).casefold().split("/")
    return "/".join(part.rstrip(". ") for part in parts)


def _walk(trees: _Trees, tree: Oid, prefix: str, left: int) -> Iterator[tuple[str, Entry]]:
    if not left:
        raise BrokenRecord(f"folders below {prefix!r} are deeper than {DEEPEST}")
    for entry in trees.entries(tree):
        try:
            path = prefix + entry.name.decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidName(f"a name below {prefix!r} is not UTF-8") from None
        yield path, entry
        if entry.is_folder:
            yield from _walk(trees, entry.oid, path + "/", left - 1)
