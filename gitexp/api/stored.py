"""Recorded runs, as Python code reads them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from gitexp.errors import UnknownKey
from gitexp.model.history import History, Series
from gitexp.model.record import Artifact, Input, RunInfo
from gitexp.model.values import Scalar, Value
from gitexp.ops import read
from gitexp.ops.resolve import resolve
from gitexp.repo import Repository


class RecordedRun:
    """A run as it stands in the repository (and, while it runs, in its journal)."""

    def __init__(self, stored: read.StoredRun) -> None:
        self._stored = stored

    @property
    def info(self) -> RunInfo:
        """Everything in `run.yaml`."""
        return self._stored.record.info

    @property
    def name(self) -> str:
        return self._stored.name

    @property
    def status(self) -> str:
        """`running`, `finished`, `failed`, `killed` or `crashed`."""
        return self.info.status.value

    @property
    def commit(self) -> str:
        """The commit that holds the run."""
        return self._stored.commit

    @property
    def params(self) -> Mapping[str, Value]:
        """The params, nested as they were given."""
        return self._stored.record.params

    @property
    def metrics(self) -> Mapping[str, Scalar]:
        """One value per metric."""
        return self._stored.record.metrics

    @property
    def tags(self) -> tuple[str, ...]:
        return self.info.tags

    @property
    def inputs(self) -> tuple[Input, ...]:
        return self._stored.whole.inputs

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        return self._stored.whole.artifacts

    @property
    def env(self) -> Mapping[str, Value]:
        """What the run ran on and with."""
        return self._stored.whole.env

    def history(self) -> History:
        """Every row that was ever logged, in write order; iterate it for one mapping a row."""
        return self._history

    def series(self, name: str) -> Series:
        """One metric over time, without the rows that a resumption abandoned. Raises UnknownKey."""
        spans = [(one.kept, one.rows) for one in self.info.resumed]
        try:
            return self._history.without(spans).series(name)
        except KeyError:
            raise UnknownKey(
                f"run {self.name!r} has no series {name!r}", hint=_nearest(name, self._history)
            ) from None

    def __repr__(self) -> str:
        return f"<gitexp run {self.name} {self.status}>"

    @cached_property
    def _history(self) -> History:
        return self._stored.history()


def runs(
    query: str = "",
    *,
    sort: str | None = None,
    limit: int | None = None,
    repository: str | os.PathLike[str] | None = None,
) -> list[RecordedRun]:
    """The runs that `query` asks for, all without one; newest first, whatever HEAD is.

    `runs("params.lr < 1e-3 and tag:baseline", sort="-acc", limit=5)`: `sort` is a key, from great to small
    behind a minus; NaN and missing values come last both ways. Runs that cannot be read are left out.
    Raises QueryError.
    """
    from gitexp.ops.select import Selection

    selection = Selection(query, sort=sort, limit=limit)
    return [RecordedRun(stored) for stored in selection.of(read.list_all(_open(repository)).runs)]


def get_run(name: str = "@", *, repository: str | os.PathLike[str] | None = None) -> RecordedRun:
    """The run of that name, unique prefix, `@`, `@~1`, or commit. Raises NotFound or Ambiguous."""
    return RecordedRun(resolve(_open(repository), name))


def _open(repository: str | os.PathLike[str] | None) -> Repository:
    return Repository.open(Path(repository) if repository is not None else None)


def _nearest(name: str, history: History) -> str | None:
    import difflib

    close = difflib.get_close_matches(name, list(history.columns), 1)
    return f"did you mean {close[0]!r}?" if close else None
