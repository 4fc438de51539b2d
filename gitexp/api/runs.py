"""Many recorded runs, as Python code reads them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from typing import SupportsIndex, overload

from gitexp.api.run_tables import table_of_histories, table_of_runs
from gitexp.api.stored import RecordedRun, open_repository
from gitexp.api.table import Table, Tabular
from gitexp.ops import read


class Runs(list[RecordedRun], Tabular):
    """A list of runs that can become a data frame with a row for each run.

    Its columns, always in this order: name, status, started, ended, duration (seconds), title, group, tags,
    star, note, commit, base, tree, dirty, id, exit_code, signal, command, parents; then `params.…` with
    dotted keys and `metrics.…`, each sorted by name. A column has one type: integers beside floats are
    floats; where types are mixed, and for lists, everything is text.
    """

    @overload
    def __getitem__(self, index: SupportsIndex) -> RecordedRun: ...
    @overload
    def __getitem__(self, index: slice) -> Runs: ...
    def __getitem__(self, index: SupportsIndex | slice) -> RecordedRun | Runs:
        """The run at `index`, or the runs of a slice."""
        if isinstance(index, slice):
            return Runs(super().__getitem__(index))
        return super().__getitem__(index)

    def table(self) -> Table:
        """The columns of a data frame."""
        return table_of_runs([run.stored for run in self])

    def history(self) -> Table:
        """Everything that the runs logged, to become a long data frame with a row for each value.

        Its columns: name, step, time, metric, value (the number), text (whatever is no number), and
        abandoned: whether a resumption left the row behind.
        """
        return table_of_histories([run.stored for run in self])

    def __repr__(self) -> str:
        from gitexp.api.notebook import lines

        return "\n".join(lines(self))

    def _repr_html_(self) -> str:
        from gitexp.api.notebook import runs_html

        return runs_html(self)


def runs(
    query: str = "",
    *,
    sort: str | None = None,
    limit: int | None = None,
    commit: str | None = None,
    repository: str | os.PathLike[str] | None = None,
) -> Runs:
    """The runs that `query` asks for, all without one; newest first, whatever HEAD is.

    `runs("params.lr < 1e-3 and tag:baseline", sort="-acc", limit=5)`: `sort` is a key, from great to small
    behind a minus; NaN and missing values come last both ways. With `commit`, a revision, only the runs that
    its message names and those of exactly its code; one of other code is `stale`. Runs that cannot be read
    are left out.
    Raises QueryError; NotFound where `commit` is none.
    """
    from gitexp.ops.select import Selection

    selection = Selection(query, sort=sort, limit=limit)
    opened = open_repository(repository)
    found = read.list_all(opened)
    if commit is None:
        return _runs(selection.of(found.runs))
    from gitexp.ops.evidence import evidence_of

    evidence = evidence_of(opened, commit, found)
    return _runs(selection.of(evidence.among(found.runs)), evidence.stale)


def _runs(stored: Iterable[read.StoredRun], stale: Collection[str] = ()) -> Runs:
    return Runs(RecordedRun(run, of_other_code=run.name in stale) for run in stored)
