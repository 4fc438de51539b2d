"""The step history of a recorded run, which can become a data frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitexp.api.run_tables import table_of_history
from gitexp.api.table import Table, Tabular
from gitexp.model import history
from gitexp.model.history import Cell


@dataclass(frozen=True, slots=True)
class Series(history.Series, Tabular):
    """One metric over time, in the order it was logged: `steps`, `times` and `values` have one length.

    Times are seconds since 1970, UTC. As a data frame it has the columns step, time, and the metric's name.
    """

    def table(self) -> Table:
        """The columns of a data frame."""
        column: Sequence[Cell] = self.values
        return table_of_history(history.History(self.steps, self.times, {self.name: column}))


@dataclass(frozen=True, slots=True)
class History(history.History, Tabular):
    """All rows of a run in write order: `steps`, `times` and each of `columns` have one entry a row.

    As a data frame it has the columns step, time, and the metrics sorted by name.
    """

    def table(self) -> Table:
        """The columns of a data frame."""
        return table_of_history(self)
