"""What runs hold, column by column: each param and metric of all runs at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitexp.index.row import SEPARATOR, shape_of
from gitexp.model.missing import MISSING, Missing
from gitexp.ops.goals import DETAILS
from gitexp.ops.headline import leading_first

if TYPE_CHECKING:
    from gitexp.model.values import Value
    from gitexp.ops.read import StoredRun


class Column(NamedTuple):
    """One key of many runs, in their order."""

    space: str
    """A space of the query language."""
    key: str
    """Dotted."""
    cells: Sequence[str | None]
    """A JSON text for each run; None where it has no such key."""
    differs: bool
    """Whether the cells are not all the same; of a single run True."""

    def values(self) -> list[Value | Missing]:
        """What the cells say; equal cells are one object.

        All are read at once: one by one takes ten times as long.
        """
        texts = [cell for cell in dict.fromkeys(self.cells) if cell is not None]
        known: dict[str | None, Value | Missing] = dict(
            zip(texts, json.loads(f"[{','.join(texts)}]"), strict=True)
        )
        known[None] = MISSING
        return [known[cell] for cell in self.cells]


def columns_of(runs: Sequence[StoredRun]) -> list[Column]:
    """Every metric and then every param that one of `runs` has; those that differ between them come first.

    Of the metrics those that usually tell most are first; params are sorted. Errors of means and numbers of
    examples come last.
    """
    cells = _cells(runs)
    metrics = leading_first(key for space, key in cells if space == "metrics")
    params = sorted(key for space, key in cells if space == "params")
    names = [*(("metrics", key) for key in metrics), *(("params", key) for key in params)]
    found = [Column(*name, cells[name], _differs(cells[name])) for name in names]
    return sorted(found, key=lambda column: (_is_detail(column), not column.differs))


def _is_detail(column: Column) -> bool:
    """Whether it tells how sure another metric is: of all columns such are wanted least."""
    return column.space == "metrics" and column.key.endswith(DETAILS)


def _cells(runs: Sequence[StoredRun]) -> dict[tuple[str, str], Sequence[str | None]]:
    by_shape: dict[str, list[int]] = {}
    split: list[list[str]] = []
    for index, run in enumerate(runs):
        head = run.head
        by_shape.setdefault(head.shape, []).append(index)
        split.append(head.cells.split(SEPARATOR))
    found: dict[tuple[str, str], Sequence[str | None]] = {}
    for shape, indices in by_shape.items():
        transposed = list(zip(*(split[index] for index in indices), strict=True))
        for space, positions in shape_of(shape).positions.items():
            for key, position in positions.items():
                _place(found, (space, key), transposed[position], indices, len(runs))
    return found


def _place(
    found: dict[tuple[str, str], Sequence[str | None]],
    name: tuple[str, str],
    cells: Sequence[str],
    indices: Sequence[int],
    count: int,
) -> None:
    if len(indices) == count:
        found[name] = cells
        return
    column = found.setdefault(name, [None] * count)
    for index, cell in zip(indices, cells, strict=True):
        column[index] = cell  # type: ignore[index]


def _differs(cells: Sequence[str | None]) -> bool:
    return len(cells) == 1 or len(set(cells)) > 1
