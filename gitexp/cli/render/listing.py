"""The table of `git exp ls`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from gitexp.cli.render.paint import STATUS, Paint
from gitexp.cli.render.table import GAP, Cell, Column, table
from gitexp.cli.render.times import age_text
from gitexp.cli.render.values import cut, metric_text, value_text
from gitexp.cli.safe_text import safe
from gitexp.cli.screen import Screen
from gitexp.formats.assignment import flatten
from gitexp.model.record import Record
from gitexp.model.times import parse_time
from gitexp.ops.compare import differing
from gitexp.ops.headline import leading_first

_WIDEST = 24
_NO_VALUE = Cell("-", "dim")


def listing(records: Sequence[Record], screen: Screen, *, now: float) -> list[str]:
    """One line for each run, as many columns as fit; metrics and params only where they differ."""
    if not records:
        return []
    paint = Paint(screen.colour)
    fixed = [
        Column("RUN", [Cell(r.info.name, "bold") for r in records]),
        Column("STATUS", [Cell(r.info.status.value, STATUS[r.info.status]) for r in records]),
        Column("AGE", [Cell(age_text(now - parse_time(r.info.started))) for r in records], right=True),
    ]
    if any(record.info.tags for record in records):
        fixed.append(
            Column("TAGS", [Cell(cut(safe(",".join(sorted(r.info.tags))), _WIDEST)) for r in records])
        )
    metrics = [r.metrics for r in records]
    params = [flatten(r.params) for r in records]
    measured = [_column(name, metrics, metric_text) for name in leading_first(differing(metrics))]
    given = [_column(name, params, value_text) for name in differing(params)]
    shown = _fitting(fixed, measured, given, screen.width)
    lines = table(shown, paint)
    left_out = len(fixed) + len(measured) + len(given) - len(shown)
    if left_out:
        lines.append(paint("dim", f"({left_out} more columns do not fit: git exp ls --json has them all)"))
    return lines


def _column(name: str, each: Sequence[Mapping[str, Any]], text: Callable[..., str]) -> Column:
    cells = [Cell(cut(text(one[name]), _WIDEST)) if name in one else _NO_VALUE for one in each]
    return Column(cut(safe(name), _WIDEST), cells, right=True)


def _fitting(
    fixed: list[Column], measured: list[Column], given: list[Column], width: int | None
) -> list[Column]:
    """The columns that fit, metrics and params taken in turn, and shown metrics first."""
    if width is None:
        return [*fixed, *measured, *given]
    room = width - sum(column.width + len(GAP) for column in fixed) + len(GAP)
    chosen: list[Column] = []
    for column in (column for pair in zip_longest(measured, given) for column in pair if column):
        room -= column.width + len(GAP)
        if room < 0:
            break
        chosen.append(column)
    return [*fixed, *(c for c in measured if c in chosen), *(c for c in given if c in chosen)]
