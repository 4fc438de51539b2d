"""Runs as they are now: read from their commits, and from the live directory while they run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from gitexp.capture import journal
from gitexp.errors import BrokenRecord, GitExpError, NotFound
from gitexp.formats import record as files
from gitexp.formats import series
from gitexp.formats.fold import fold
from gitexp.git.objects import Entry
from gitexp.git.reader import ObjectReader
from gitexp.git.refs import list_runs
from gitexp.model.history import History
from gitexp.model.names import RunName
from gitexp.model.record import Record, Status
from gitexp.model.values import Oid
from gitexp.repo import Repository

_FOLDER = ".exp"
_LISTED = (files.RUN, files.PARAMS, files.METRICS)
_WHOLE = (*_LISTED, files.INPUTS, files.ENV, files.ARTIFACTS, files.REQUIREMENTS)
_TRAILER = re.compile(rb"^(Exp-[A-Za-z]+): (.*)$", re.MULTILINE)


@dataclass
class StoredRun:
    """A run at one commit."""

    repo: Repository
    name: RunName
    commit: Oid
    record: Record
    """Of a listed run only what stands in run.yaml, params.yaml and metrics.yaml; see `whole`."""

    @cached_property
    def live(self) -> bool:
        """Whether this is the tip of a run that is still being recorded here."""
        if self.record.info.status is not Status.RUNNING:
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
        return self.repo.reader.blobs([(self.commit, f"{_FOLDER}/{files.LOG}")])[0] or b""

    def _chunks(self) -> list[bytes]:
        return _chunks(self.repo.reader, self.commit)


@dataclass(frozen=True, slots=True)
class Listing:
    """All runs that could be read, and why the others could not."""

    runs: tuple[StoredRun, ...]
    """Newest first."""
    broken: tuple[tuple[str, GitExpError], ...]
    """Name and reason."""


def list_all(repo: Repository) -> Listing:
    """Every run of the repository, whatever HEAD is; a constant number of git processes."""
    refs = list_runs(repo.git)
    parts = _listed(repo.reader, [commit for _, commit in refs.runs])
    runs: list[StoredRun] = []
    broken: list[tuple[str, GitExpError]] = [
        (ref, BrokenRecord(f"ref {ref!r} is not a run", hint=f"git update-ref -d {ref}"))
        for ref in refs.strangers
    ]
    for (name, commit), part in zip(refs.runs, parts, strict=True):
        try:
            if isinstance(part, GitExpError):
                raise part
            record = files.decode(dict(zip(_LISTED, part, strict=True)), name=name)
            runs.append(_current(repo, StoredRun(repo, name, commit, record)))
        except GitExpError as error:
            broken.append((name, error))
    runs.sort(key=lambda run: (run.record.info.started, run.name), reverse=True)
    return Listing(tuple(runs), tuple(broken))


def _listed(reader: ObjectReader, commits: Sequence[Oid]) -> Sequence[Sequence[bytes | None] | GitExpError]:
    """The listed files of each commit, or why they cannot be read."""
    size = len(_LISTED)
    try:
        blobs = reader.blobs([(commit, f"{_FOLDER}/{file}") for commit in commits for file in _LISTED])
    except (BrokenRecord, NotFound) as error:
        if len(commits) <= 1:
            return [error] * len(commits)
        # One of them is too large, or damaged: the others are found by halving.
        half = len(commits) // 2
        return [*_listed(reader, commits[:half]), *_listed(reader, commits[half:])]
    return [blobs[index * size : (index + 1) * size] for index in range(len(commits))]


def load(repo: Repository, commit: Oid, name: str) -> StoredRun:
    """The run that `commit` holds, called `name` in errors. Raises BrokenRecord, NewerFormat or NotFound."""
    record = _decode(repo.reader, commit, name, _LISTED)
    return _current(repo, StoredRun(repo, record.info.name, commit, record))


def recorded_blobs(reader: ObjectReader, commit: Oid) -> dict[str, Oid]:
    """Every file of a commit's record, by its path below `.exp/`. Links and submodules are left out."""
    root = reader.resolve(commit, _FOLDER)
    if root is None or not root.is_folder:
        return {}
    return dict(_walk(reader, root.oid, ""))


def trailers(reader: ObjectReader, commit: Oid) -> dict[str, str]:
    """The `Exp-…` trailers of a commit's message."""
    _, data = reader.read(commit)
    message = data.partition(b"\n\n")[2]
    return {key.decode(): value.decode("utf-8", "replace") for key, value in _TRAILER.findall(message)}


def _current(repo: Repository, run: StoredRun) -> StoredRun:
    """A live run with what its journal says so far."""
    if not run.live:
        return run
    rows = journal.read(repo.live(run.name).journal).rows
    return StoredRun(repo, run.name, run.commit, fold(run.record, rows).record)


def _decode(reader: ObjectReader, commit: Oid, name: str, wanted: Sequence[str]) -> Record:
    blobs = reader.blobs([(commit, f"{_FOLDER}/{file}") for file in wanted])
    return files.decode(dict(zip(wanted, blobs, strict=True)), name=name)


def _chunks(reader: ObjectReader, commit: Oid) -> list[bytes]:
    folder = reader.resolve(commit, f"{_FOLDER}/{files.SERIES_FOLDER}")
    if folder is None:
        return []
    names = sorted(entry.name.decode("utf-8", "replace") for entry in reader.entries(folder.oid))
    blobs = reader.blobs([(commit, f"{_FOLDER}/{files.SERIES_FOLDER}/{name}") for name in names])
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
