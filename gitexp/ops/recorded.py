"""What the commit of a run holds, and the live directory while it runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from gitexp.capture import journal
from gitexp.capture.live import Live
from gitexp.errors import NotFound
from gitexp.formats import record as files
from gitexp.formats import series
from gitexp.formats.fold import fold
from gitexp.git.objects import Entry, parents_in
from gitexp.git.reader import ObjectReader
from gitexp.index.row import Row, encode, parts_of
from gitexp.model.history import History
from gitexp.model.record import Record
from gitexp.model.summary import summarize
from gitexp.model.values import Oid
from gitexp.ops.commit import RUN_TRAILER
from gitexp.ops.records import FOLDER, check_there

LISTED: Final = (files.RUN, files.PARAMS, files.METRICS)
WHOLE: Final = (*LISTED, files.INPUTS, files.ENV, files.ARTIFACTS, files.REQUIREMENTS, files.STEPS)
_TRAILER = re.compile(rb"^(Exp-[A-Za-z]+): (.*)$", re.MULTILINE)


def read_record(reader: ObjectReader, commit: Oid, name: str, wanted: Sequence[str] = LISTED) -> Record:
    """The record of a commit, of which only the `wanted` files are read.

    Raises BrokenRecord, NewerFormat, or NotFound where an object is missing.
    """
    blobs = dict(zip(wanted, reader.blobs([(commit, f"{FOLDER}/{file}") for file in wanted]), strict=True))
    if blobs.get(files.RUN) is None:
        check_there(reader, commit)
    return files.decode(blobs, name=name)


def with_journal(record: Record, live: Live) -> Record:
    """`record` with all that was logged so far."""
    if record.steps:
        # A checkpoint has steps of the journal already.
        begun = live.read_start().record
        record = replace(record, steps=begun.steps, steps_left_out=begun.steps_left_out)
    return fold(record, journal.read(live.journal).rows).record


def read_history(reader: ObjectReader, commit: Oid, name: str, live: Live | None) -> History:
    """Every row ever logged, in write order, abandoned ones included."""
    chunks = _chunks(reader, commit)
    if live is not None:
        start = live.read_start()
        rows = fold(start.record, journal.read(live.journal).rows).rows
        inherited = _chunks(reader, start.inherited) if start.inherited else []
        chunks = [*inherited, *series.encode(rows)]
    return series.decode(chunks, what=f"run {name!r}")


def read_log(reader: ObjectReader, commit: Oid) -> bytes:
    """The console output that the record keeps; empty where there is none."""
    return reader.blobs([(commit, f"{FOLDER}/{files.LOG}")])[0] or b""


def row_of(commit: Oid, name: str, whole: Record, history: History) -> Row:
    """The row that the index would have."""
    kept = history.without([(one.kept, one.rows) for one in whole.info.resumed])
    return encode(name, commit, whole, parts_of(whole), summarize(kept))


def recorded_blobs(reader: ObjectReader, commit: Oid) -> dict[str, Oid]:
    """Every file of a commit's record, by its path below `.exp/`. Links and submodules are left out."""
    root = reader.resolve(commit, FOLDER)
    if root is None or not root.is_folder:
        return {}
    return dict(walk(reader, root.oid))


def trailers(reader: ObjectReader, commit: Oid) -> dict[str, str]:
    """The `Exp-…` trailers of a commit's message."""
    return _trailers(reader.read(commit)[1].partition(b"\n\n")[2])


def _trailers(message: bytes) -> dict[str, str]:
    return {key.decode(): value.decode("utf-8", "replace") for key, value in _TRAILER.findall(message)}


def own_commits(reader: ObjectReader, name: str, tip: Oid) -> Iterator[tuple[Oid, Mapping[str, str]]]:
    """The commits of a run and their trailers from `tip` down, as far as their chain is its own."""
    commit: Oid | None = tip
    while commit is not None:
        try:
            head, _, message = reader.read(commit)[1].partition(b"\n\n")
        except NotFound:  # the clone is shallow
            return
        told = _trailers(message)
        if told.get(RUN_TRAILER) != name:
            return
        yield commit, told
        commit = next(iter(parents_in(head)), None)


def origins(reader: ObjectReader, name: str, tip: Oid) -> tuple[Oid, ...]:
    """The parents of a run's first commit: its base, and what it was forked or merged from.

    Raises NotFound.
    """
    first = [tip, *(commit for commit, _ in own_commits(reader, name, tip))][-1]
    head = reader.read(first)[1].partition(b"\n\n")[0]
    return tuple(parents_in(head))


def _chunks(reader: ObjectReader, commit: Oid) -> list[bytes]:
    folder = reader.resolve(commit, f"{FOLDER}/{files.SERIES_FOLDER}")
    if folder is None:
        return []
    names = sorted(entry.name.decode("utf-8", "replace") for entry in reader.entries(folder.oid))
    blobs = reader.blobs([(commit, f"{FOLDER}/{files.SERIES_FOLDER}/{name}") for name in names])
    return [blob for blob in blobs if blob is not None]


def walk(reader: ObjectReader, tree: Oid, prefix: str = "") -> Iterable[tuple[str, Oid]]:
    """Every file of a tree, by its path behind `prefix`. Links and submodules are left out."""
    for entry in reader.entries(tree):
        path = prefix + entry.name.decode("utf-8", "surrogateescape")
        if entry.is_folder:
            yield from walk(reader, entry.oid, path + "/")
        elif _is_file(entry):
            yield path, entry.oid


def _is_file(entry: Entry) -> bool:
    return entry.mode & 0o170000 == 0o100000
