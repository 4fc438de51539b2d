"""Runs as they are now: read from their commits, and from the live directory while they run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from gitexp.capture import journal
from gitexp.errors import GitExpError
from gitexp.formats import record as files
from gitexp.formats import series
from gitexp.formats.fold import fold
from gitexp.git.objects import Entry
from gitexp.git.reader import ObjectReader
from gitexp.index.row import Head, Row, Tail, encode, listed_record, parts_of
from gitexp.model.history import History
from gitexp.model.names import RunName
from gitexp.model.record import Record, Status
from gitexp.model.summary import summarize
from gitexp.model.values import Oid
from gitexp.ops.catalog import catalog, open_index
from gitexp.ops.records import FOLDER
from gitexp.repo import Repository

_LISTED = (files.RUN, files.PARAMS, files.METRICS)
_WHOLE = (*_LISTED, files.INPUTS, files.ENV, files.ARTIFACTS, files.REQUIREMENTS)
_TRAILER = re.compile(rb"^(Exp-[A-Za-z]+): (.*)$", re.MULTILINE)


class StoredRun:
    """A run at one commit."""

    def __init__(
        self,
        repo: Repository,
        name: RunName,
        commit: Oid,
        *,
        head: Head | None = None,
        tails: Tails | None = None,
    ) -> None:
        self.repo = repo
        self.name = name
        self.commit = commit
        self._head = head
        self._tails = tails

    @classmethod
    def of_record(cls, repo: Repository, name: RunName, commit: Oid, record: Record) -> StoredRun:
        """A run whose record has been read already."""
        run = cls(repo, name, commit)
        run.record = record
        return run

    @cached_property
    def record(self) -> Record:
        """What stands in run.yaml, params.yaml and metrics.yaml; the other parts are empty. See `whole`."""
        if self._head is None:
            return _decode(self.repo.reader, self.commit, self.name, _LISTED)
        return listed_record(self._head, self.row.tail)

    @cached_property
    def row(self) -> Row:
        """The run as the index has it; of a live run as it is now."""
        if self._head is not None:
            tail = self._tails.of(self._head) if self._tails else None
            if tail is not None:
                return Row(self._head, tail)
        whole = self.whole
        history = self.history().without([(one.kept, one.rows) for one in whole.info.resumed])
        return encode(self.name, self.commit, whole, parts_of(whole), summarize(history))

    @property
    def head(self) -> Head:
        """What a listing shows of the run."""
        return self._head or self.row.head

    @cached_property
    def live(self) -> bool:
        """Whether this is the tip of a run that is still being recorded here."""
        status = self._head.status if self._head else self.record.info.status.value
        if status != Status.RUNNING.value:
            return False
        try:
            return self.repo.live(self.name).tip() == self.commit
        except GitExpError:
            return False

    @cached_property
    def whole(self) -> Record:
        """The full record; of a live run with all that was logged so far."""
        record = _decode(self.repo.reader, self.commit, self.name, _WHOLE)
        return (
            fold(record, journal.read(self.repo.live(self.name).journal).rows).record if self.live else record
        )

    def history(self) -> History:
        """Every row ever logged, in write order, abandoned ones included."""
        chunks = self._chunks()
        if self.live:
            start = self.repo.live(self.name).read_start()
            rows = fold(start.record, journal.read(self.repo.live(self.name).journal).rows).rows
            inherited = _chunks(self.repo.reader, start.inherited) if start.inherited else []
            chunks = [*inherited, *series.encode(rows)]
        return series.decode(chunks, what=f"run {self.name!r}")

    def log(self) -> bytes:
        """The console output that the record keeps; empty where there is none."""
        return self.repo.reader.blobs([(self.commit, f"{FOLDER}/{files.LOG}")])[0] or b""

    def _chunks(self) -> list[bytes]:
        return _chunks(self.repo.reader, self.commit)


class Tails:
    """The tails of a listing's runs, read from the index all at once when the first is asked for."""

    def __init__(self, repo: Repository, fresh: Mapping[str, Row]) -> None:
        self._index = open_index(repo)
        self._fresh = fresh

    def of(self, head: Head) -> Tail | None:
        """None where the index does not have it as it was written."""
        if head.name in self._fresh:
            return self._fresh[head.name].tail
        return self._all.get((head.name, head.commit))

    @cached_property
    def _all(self) -> dict[tuple[str, str], Tail]:
        return self._index.tails()


@dataclass(frozen=True, slots=True)
class Listing:
    """All runs that could be read, and why the others could not."""

    runs: tuple[StoredRun, ...]
    """Newest first."""
    broken: tuple[tuple[str, GitExpError], ...]
    """Name and reason."""


def list_all(repo: Repository) -> Listing:
    """Every run of the repository, whatever HEAD is; a constant number of git processes."""
    found = catalog(repo)
    tails = Tails(repo, found.fresh)
    live = live_names(repo)
    runs: list[StoredRun] = []
    broken = list(found.broken)
    for head in found.heads:
        run = StoredRun(repo, RunName(head.name), Oid(head.commit), head=head, tails=tails)
        try:
            runs.append(_current(run) if head.name in live else run)
        except GitExpError as error:
            broken.append((head.name, error))
    return Listing(tuple(runs), tuple(broken))


def live_names(repo: Repository) -> set[str]:
    """Names that a live directory is here for."""
    try:
        return set(os.listdir(repo.live_root))
    except FileNotFoundError:
        return set()


def load(repo: Repository, commit: Oid, name: str) -> StoredRun:
    """The run that `commit` holds, called `name` in errors. Raises BrokenRecord, NewerFormat or NotFound."""
    record = _decode(repo.reader, commit, name, _LISTED)
    return _current(StoredRun.of_record(repo, record.info.name, commit, record))


def recorded_blobs(reader: ObjectReader, commit: Oid) -> dict[str, Oid]:
    """Every file of a commit's record, by its path below `.exp/`. Links and submodules are left out."""
    root = reader.resolve(commit, FOLDER)
    if root is None or not root.is_folder:
        return {}
    return dict(_walk(reader, root.oid, ""))


def trailers(reader: ObjectReader, commit: Oid) -> dict[str, str]:
    """The `Exp-…` trailers of a commit's message."""
    _, data = reader.read(commit)
    message = data.partition(b"\n\n")[2]
    return {key.decode(): value.decode("utf-8", "replace") for key, value in _TRAILER.findall(message)}


def _current(run: StoredRun) -> StoredRun:
    """A live run with what its journal says so far."""
    if not run.live:
        return run
    rows = journal.read(run.repo.live(run.name).journal).rows
    return StoredRun.of_record(run.repo, run.name, run.commit, fold(run.record, rows).record)


def _decode(reader: ObjectReader, commit: Oid, name: str, wanted: Sequence[str]) -> Record:
    blobs = reader.blobs([(commit, f"{FOLDER}/{file}") for file in wanted])
    return files.decode(dict(zip(wanted, blobs, strict=True)), name=name)


def _chunks(reader: ObjectReader, commit: Oid) -> list[bytes]:
    folder = reader.resolve(commit, f"{FOLDER}/{files.SERIES_FOLDER}")
    if folder is None:
        return []
    names = sorted(entry.name.decode("utf-8", "replace") for entry in reader.entries(folder.oid))
    blobs = reader.blobs([(commit, f"{FOLDER}/{files.SERIES_FOLDER}/{name}") for name in names])
    return [blob for blob in blobs if blob is not None]


def _walk(reader: ObjectReader, tree: Oid, prefix: str) -> Iterable[tuple[str, Oid]]:
    for entry in reader.entries(tree):
        path = prefix + entry.name.decode("utf-8", "surrogateescape")
        if entry.is_folder:
            yield from _walk(reader, entry.oid, path + "/")
        elif _is_file(entry):
            yield path, entry.oid


def _is_file(entry: Entry) -> bool:
    return entry.mode & 0o170000 == 0o100000
