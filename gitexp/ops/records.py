"""Many records read at once, as rows of the index."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from gitexp.errors import BrokenRecord, GitExpError, NotFound
from gitexp.formats import record as files
from gitexp.formats import series
from gitexp.git.reader import ObjectReader
from gitexp.git.trees import raw_entries
from gitexp.index.row import Parts, Row, encode
from gitexp.model.files import RECORD_FOLDER
from gitexp.model.names import RunName
from gitexp.model.record import RunInfo
from gitexp.model.summary import Summary, summarize
from gitexp.model.values import Oid

FOLDER = RECORD_FOLDER
_AT_ONCE = 500
_SERIES_AT_ONCE = 8
"""Runs whose series are in memory together, if they are short: a long one is read chunk by chunk."""
_KEPT = 5000

_LISTED = (files.RUN, files.PARAMS, files.METRICS)
_SHARED = (files.INPUTS, files.ENV, files.ARTIFACTS, files.STEPS)
_SERIES = files.SERIES_FOLDER

Place: TypeAlias = tuple[RunName, Oid]
"""A run's name and its commit."""
Read: TypeAlias = Row | GitExpError
"""A run as the index holds it, or why it cannot be read."""


def read_rows(reader: ObjectReader, places: Sequence[Place]) -> Iterator[tuple[Place, Read]]:
    """Each of `places` with what its commit holds, in their order."""
    rows = _Rows(reader)
    for start in range(0, len(places), _AT_ONCE):
        yield from rows.read(places[start : start + _AT_ONCE])


def check_there(reader: ObjectReader, commit: Oid) -> None:
    """Raises NotFound where a commit has no record only because an object on the way to it is missing."""
    folder = reader.resolve(commit, FOLDER)
    if folder is not None:
        reader.header(folder.oid)


class _Rows:
    """Reads runs by the batch, and what many of them share once."""

    def __init__(self, reader: ObjectReader) -> None:
        self._reader = reader
        self._shared: dict[Oid, str] = {}
        """Blob of inputs, environment, artifacts or steps -> its value as JSON."""

    def read(self, places: Sequence[Place]) -> list[tuple[Place, Read]]:
        try:
            return self._rows(places)
        except (BrokenRecord, NotFound) as error:
            if len(places) == 1:
                return [(places[0], error)]
            # One of them is missing, too large or damaged: the others are found by halving.
            half = len(places) // 2
            return [*self.read(places[:half]), *self.read(places[half:])]

    def _rows(self, places: Sequence[Place]) -> list[tuple[Place, Read]]:
        folders = self._folders([commit for _, commit in places])
        blobs = self._blobs(folders)
        found: list[tuple[Place, Read]] = []
        for start in range(0, len(places), _SERIES_AT_ONCE):
            part = slice(start, start + _SERIES_AT_ONCE)
            series_of = [_chunks(names) for names in folders[part]]
            known = self._read(oid for chunks in series_of for oid in chunks if len(chunks) == 1)
            found += [
                (place, self._row(place, names, blobs, self._series(chunks, known)))
                for place, names, chunks in zip(places[part], folders[part], series_of, strict=True)
            ]
        return found

    def _series(self, chunks: Sequence[Oid], known: Mapping[Oid, bytes]) -> Iterator[bytes]:
        return (known[oid] if oid in known else self._reader.contents([oid])[0] for oid in chunks)

    def _folders(self, commits: Sequence[Oid]) -> list[Mapping[str, Oid]]:
        """The files of each commit's record, by path; series are in a folder of their own."""
        roots = self._reader.folders([(commit, FOLDER) for commit in commits])
        found = self._trees((root for root in roots if root is not None), _SERIES.encode())
        inside = self._trees(names[_SERIES] for names in found.values() if _SERIES in names)
        for names in found.values():
            folder = names.pop(_SERIES, None)
            for name, oid in inside[folder].items() if folder else ():
                names[f"{_SERIES}/{name}"] = oid
        return [found[root] if root is not None else {} for root in roots]

    def _trees(self, oids: Iterable[Oid], folder: bytes | None = None) -> dict[Oid, dict[str, Oid]]:
        """The names in each tree and what they stand for."""
        trees = list(dict.fromkeys(oids))
        return {
            tree: _names(data, tree, folder)
            for tree, data in zip(trees, self._reader.contents(trees), strict=True)
        }

    def _blobs(self, folders: Sequence[Mapping[str, Oid]]) -> Mapping[Oid, bytes]:
        """The contents of all files that rows are made of, but for series and what is known and shared."""
        if len(self._shared) > _KEPT:
            self._shared.clear()
        return self._read(
            oid
            for names in folders
            for name, oid in names.items()
            if oid not in self._shared and (name in _LISTED or name in _SHARED)
        )

    def _read(self, oids: Iterable[Oid]) -> dict[Oid, bytes]:
        wanted = list(dict.fromkeys(oids))
        return dict(zip(wanted, self._reader.contents(wanted), strict=True))

    def _row(
        self, place: Place, names: Mapping[str, Oid], blobs: Mapping[Oid, bytes], chunks: Iterable[bytes]
    ) -> Read:
        name, commit = place
        try:
            if files.RUN not in names:
                check_there(self._reader, commit)
            listed = {file: blobs[names[file]] for file in _LISTED if file in names}
            record = files.decode(listed, name=name)
            parts = Parts(*(self._part(name, file, names.get(file), blobs) for file in _SHARED))
            return encode(name, commit, record, parts, _summaries(record.info, chunks, name))
        except GitExpError as error:
            return error
        except ValueError as error:
            return BrokenRecord(f"run {name!r} cannot be listed: {error}")
        except MemoryError:
            return BrokenRecord(f"run {name!r} cannot be listed: it does not fit into memory")

    def _part(self, name: str, file: str, oid: Oid | None, blobs: Mapping[Oid, bytes]) -> str:
        if oid is None:
            return "{}"
        if oid not in self._shared:
            self._shared[oid] = json.dumps(files.part_value(file, blobs[oid], name=name))
        return self._shared[oid]


def _names(tree: bytes, oid: Oid, folder: bytes | None) -> dict[str, Oid]:
    """The files of a tree by their names, and the one `folder`."""
    return {
        name.decode("utf-8", "replace"): Oid(binary.hex())
        for mode, name, binary in raw_entries(tree, len(oid) // 2)
        if mode.lstrip(b"0")[:2] == (b"40" if name == folder else b"10")
    }


def _chunks(names: Mapping[str, Oid]) -> list[Oid]:
    """The series of a record, in their order."""
    return [oid for path, oid in sorted(names.items()) if path.startswith(f"{_SERIES}/")]


def _summaries(info: RunInfo, chunks: Iterable[bytes], name: str) -> dict[str, Summary]:
    history = series.decode(chunks, what=f"run {name!r}")
    return summarize(history.without([(one.kept, one.rows) for one in info.resumed]))
