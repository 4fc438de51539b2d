"""Runs as they are now: what is asked of them is in the index, in their commits, or in a live directory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gitexp.errors import GitExpError
from gitexp.index.row import Head, Row, Tail, listed_info, listed_record
from gitexp.model.names import BaselineName, RunName
from gitexp.model.values import Oid
from gitexp.ops.absent import telling
from gitexp.ops.catalog import catalog, open_index
from gitexp.repo import Repository

if TYPE_CHECKING:
    from gitexp.model.history import History
    from gitexp.model.record import Record, RunInfo
    from gitexp.ops.audit.levels import Levels

# What reads commits is imported by the runs that are asked for more than the index has.


class StoredRun:
    """A run at one commit."""

    def __init__(
        self,
        repo: Repository,
        name: RunName,
        commit: Oid,
        head: Head | None = None,
        tails: Tails | None = None,
    ) -> None:
        self.repo = repo
        self.name = name
        self.commit = commit
        self.own = True
        """Whether the commit is known to be the run's: it was found by the run's name."""
        self._head = head
        self._tails = tails

    @classmethod
    def of_record(
        cls, repo: Repository, name: RunName, commit: Oid, record: Record, *, own: bool = True
    ) -> StoredRun:
        """A run whose record has been read already."""
        run = cls(repo, name, commit)
        run.record = record
        run.own = own
        return run

    @cached_property
    def record(self) -> Record:
        """What stands in run.yaml, params.yaml and metrics.yaml; the other parts are empty. See `whole`."""
        if self._head is None:
            from gitexp.ops.recorded import read_record

            return read_record(self.repo.reader, self.commit, self.name)
        return listed_record(self._head, self.row.tail)

    @cached_property
    def info(self) -> RunInfo:
        """What stands in run.yaml, for less than the record costs where many are asked."""
        if self._head is None:
            return self.record.info
        return listed_info(self.row.tail)

    @property
    def baselines(self) -> list[str]:
        """The names of the baselines that it is; all runs of a listing look them up once."""
        tails = self._tails or Tails(self.repo, {})
        return tails.baselines.get(self.name, [])

    @property
    def level(self) -> str | None:
        """How completely it is known what it came from, as its commit tells; None where nobody can say."""
        tails = self._tails or Tails(self.repo, {})
        return tails.levels.of(self)

    @cached_property
    def row(self) -> Row:
        """The run as the index has it; of a live run as it is now."""
        if self._head is not None:
            tail = self._tails.of(self._head) if self._tails else None
            if tail is not None:
                return Row(self._head, tail)
        from gitexp.ops.recorded import row_of

        return row_of(self.commit, self.name, self.whole, self.history())

    @property
    def head(self) -> Head:
        """What a listing shows of the run."""
        return self._head or self.row.head

    @cached_property
    def live(self) -> bool:
        """Whether this is the tip of a run that is still being recorded here."""
        status = self._head.status if self._head else self.record.info.status.value
        if status != "running":
            return False
        try:
            return self.repo.live(self.name).tip() == self.commit
        except GitExpError:
            return False

    @cached_property
    def whole(self) -> Record:
        """The full record; of a live run with all that was logged so far."""
        from gitexp.ops.recorded import WHOLE, read_record, with_journal

        with telling(self.repo, self.name):
            record = read_record(self.repo.reader, self.commit, self.name, WHOLE)
        return with_journal(record, self.repo.live(self.name)) if self.live else record

    def history(self) -> History:
        """Every row ever logged, in write order, abandoned ones included."""
        from gitexp.ops.recorded import read_history

        live = self.repo.live(self.name) if self.live else None
        with telling(self.repo, self.name):
            return read_history(self.repo.reader, self.commit, self.name, live)

    def log(self) -> bytes:
        """The console output that the record keeps; empty where there is none."""
        from gitexp.ops.recorded import read_log

        with telling(self.repo, self.name):
            return read_log(self.repo.reader, self.commit)


class Tails:
    """The tails of a listing's runs, read from the index all at once when the first is asked for."""

    def __init__(self, repo: Repository, fresh: Mapping[str, Row]) -> None:
        self._repo = repo
        self._index = open_index(repo)
        self._fresh = fresh
        self._some: dict[tuple[str, str], Tail] = {}

    def find(self, text: str) -> set[tuple[str, str]]:
        """Name and commit of each run in whose `run.yaml` that text stands; no other run's is read."""
        self._some = self._index.tails_with(text)
        heads = (row.head for row in self._fresh.values() if text in row.tail.info)
        return {*self._some, *((head.name, head.commit) for head in heads)}

    def of(self, head: Head) -> Tail | None:
        """None where the index does not have it as it was written."""
        fresh = self._fresh.get(head.name)
        if fresh is not None and fresh.head.commit == head.commit:
            return fresh.tail
        key = head.name, head.commit
        return self._some[key] if key in self._some else self._all.get(key)

    @cached_property
    def baselines(self) -> Mapping[str, list[str]]:
        """Which baselines each run is, by its name."""
        from gitexp.ops.baseline_refs import baselines_of

        return baselines_of(self._repo)

    @cached_property
    def levels(self) -> Levels:
        """How complete the runs are."""
        from gitexp.ops.audit.levels import Levels

        return Levels(self._repo)

    @cached_property
    def _all(self) -> dict[tuple[str, str], Tail]:
        return self._index.tails()


class Listing(NamedTuple):
    """All runs that could be read, and why the others could not."""

    runs: tuple[StoredRun, ...]
    """Newest first."""
    broken: tuple[tuple[str, GitExpError], ...]
    """Name and reason."""
    refs: int = 0
    """How many runs have refs of their own."""
    tails: Tails | None = None
    baselines: Mapping[BaselineName, Oid] = {}
    """The commits of the runs that others are held against."""

    def with_code(self, tree: Oid) -> list[StoredRun]:
        """The runs of exactly that code tree, newest first."""
        found = self.tails.find(tree) if self.tails else set()
        return [run for run in self.runs if (run.name, run.commit) in found and run.info.code.tree == tree]


def list_all(repo: Repository) -> Listing:
    """Every run of the repository, whatever HEAD is; a constant number of git processes."""
    found = catalog(repo)
    tails = Tails(repo, found.fresh)
    live = live_names(repo)
    runs: list[StoredRun] = []
    broken = list(found.broken)
    for head in found.heads:
        run = StoredRun(repo, head.name, head.commit, head, tails)  # type: ignore[arg-type]
        try:
            runs.append(current(run) if head.name in live else run)
        except GitExpError as error:
            broken.append((head.name, error))
    return Listing(tuple(runs), tuple(broken), found.refs, tails, found.baselines)


def live_names(repo: Repository) -> set[str]:
    """Names that a live directory is here for."""
    try:
        return set(os.listdir(repo.live_root))
    except (FileNotFoundError, NotADirectoryError):
        return set()


def load(repo: Repository, commit: Oid, text: str, name: RunName | None = None) -> StoredRun:
    """The run that `commit` holds, called `text` in errors; its `name` is what it was recorded under.

    A ref that leads to it may have another. Raises BrokenRecord, NewerFormat or NotFound.
    """
    from gitexp.ops.recorded import read_record

    with telling(repo, name or text):
        record = read_record(repo.reader, commit, text)
    own = name is not None
    return current(StoredRun.of_record(repo, name or record.info.name, commit, record, own=own))


def current(run: StoredRun) -> StoredRun:
    """A live run with what its journal says so far."""
    if not run.live:
        return run
    from gitexp.ops.recorded import with_journal

    record = with_journal(run.record, run.repo.live(run.name))
    return StoredRun.of_record(run.repo, run.name, run.commit, record, own=run.own)
