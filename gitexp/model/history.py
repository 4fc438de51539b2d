"""The step history of a run, column by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gitexp.model.missing import MISSING as MISSING
from gitexp.model.missing import Missing as Missing
from gitexp.model.values import Scalar

Step: TypeAlias = int | float | None


Cell: TypeAlias = Scalar | Missing


@dataclass(frozen=True, slots=True)
class Row:
    """One `log()` call."""

    step: Step
    time: float
    """Seconds since 1970, UTC."""
    values: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Series:
    """One metric over time, in the order it was logged; the three lists have one length."""

    name: str
    steps: Sequence[Step]
    times: Sequence[float]
    values: Sequence[Scalar]

    def __len__(self) -> int:
        return len(self.values)

    def latest(self) -> Series:
        """The last value logged for each step, steps ascending; rows without a step are left out."""
        last: dict[int | float, int] = {}
        for index, step in enumerate(self.steps):
            if step is not None:
                last[step] = index
        order = [last[step] for step in sorted(last)]
        return Series(
            self.name,
            [self.steps[i] for i in order],
            [self.times[i] for i in order],
            [self.values[i] for i in order],
        )


@dataclass(frozen=True, slots=True)
class History:
    """All rows of a run in write order: `steps`, `times` and each column have one entry a row."""

    steps: Sequence[Step] = ()
    times: Sequence[float] = ()
    columns: Mapping[str, Sequence[Cell]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.times)

    def series(self, name: str) -> Series:
        """The rows that have a value for `name`. Raises KeyError."""
        column = self.columns[name]
        if MISSING not in column:
            return Series(name, self.steps, self.times, column)  # type: ignore[arg-type]
        steps: list[Step] = []
        times: list[float] = []
        values: list[Scalar] = []
        for step, time, cell in zip(self.steps, self.times, column, strict=True):
            if cell is not MISSING:
                steps.append(step)
                times.append(time)
                values.append(cell)
        return Series(name, steps, times, values)

    def __iter__(self) -> Iterator[dict[str, Scalar]]:
        """Each row as one mapping of `step`, `time` and the metrics it has."""
        for row in self.rows():
            yield {"step": row.step, "time": row.time, **row.values}

    def without(self, spans: Sequence[tuple[int, int]]) -> History:
        """The history without the rows of `spans`, each from an index up to another."""
        gone = {index for begin, end in spans for index in range(begin, end)}
        if not gone:
            return self
        kept = [index for index in range(len(self)) if index not in gone]
        return History(
            [self.steps[i] for i in kept],
            [self.times[i] for i in kept],
            {name: [cells[i] for i in kept] for name, cells in self.columns.items()},
        )

    def rows(self) -> Iterator[Row]:
        names = list(self.columns)
        for step, time, *cells in zip(self.steps, self.times, *self.columns.values(), strict=True):
            values = {n: c for n, c in zip(names, cells, strict=True) if c is not MISSING}
            yield Row(step, time, values)
