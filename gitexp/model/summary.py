"""What is asked most of a series: its last and extreme values, without the rows between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from gitexp.model.history import History, Step
from gitexp.model.values import Scalar


class Summary(NamedTuple):
    """A series in short. NaN is left out of the extremes and the mean; texts and bools have neither."""

    rows: int
    last: Scalar
    last_step: Step
    min: int | float | None
    min_step: Step
    """Of the first row that has the minimum."""
    max: int | float | None
    max_step: Step
    mean: float | None

    def get(self, aggregate: str, goal: str | None) -> Scalar | None:
        """`last`, `step` (of the last row), `min`, `max`, `mean`; by the goal also `best` and `best_step`."""
        if aggregate in ("best", "best_step"):
            if goal is None:
                return None
            aggregate = aggregate.replace("best", goal)
        found: Scalar = getattr(self, "last_step" if aggregate == "step" else aggregate)
        return found


def summarize(history: History) -> dict[str, Summary]:
    """Each series of `history` in short."""
    found: dict[str, Summary] = {}
    for name in history.columns:
        series = history.series(name)
        if series.values:
            found[name] = _summary(series.values, series.steps)
    return found


def _summary(values: Sequence[Scalar], steps: Sequence[Step]) -> Summary:
    numbers: Sequence[Any] = values
    if not set(map(type, values)) <= {int, float}:
        numbers = [value for value in values if type(value) in (int, float)]
    total = sum(numbers)
    if total != total:
        numbers = [value for value in numbers if value == value]
        total = sum(numbers)
    if not numbers:
        return Summary(len(values), values[-1], steps[-1], None, None, None, None, None)
    low, high = min(numbers), max(numbers)
    return Summary(
        *(len(values), values[-1], steps[-1]),
        *(low, steps[values.index(low)], high, steps[values.index(high)]),
        _mean(total, len(numbers)),
    )


def _mean(total: Any, count: int) -> float:
    try:
        return float(total / count)
    except OverflowError:
        # Whole numbers beyond every float.
        return float("inf") if total > 0 else float("-inf")
