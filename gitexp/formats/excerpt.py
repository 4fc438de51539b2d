"""The long files of a record as what a comparison of two needs of them, a line for each thing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitexp.errors import BrokenRecord
from gitexp.model.missing import MISSING

if TYPE_CHECKING:
    from gitexp.model.history import Cell, History

MAX_SIZE = 9 << 20
"""Bytes: a chunk of a series has at most 8 MiB, and a row more."""
_ROWS = 20
"""So many rows of a series are shown as they are."""
_LINES = 200
"""So many lines of a text are shown, from its beginning and from its end."""


def is_series(data: bytes) -> bool:
    return data.startswith(b"step,time")


def of_series(data: bytes) -> Iterator[str]:
    """How many rows there are, and of each metric how it went; few rows as they are. Raises BrokenRecord."""
    from gitexp.formats import series  # longer to import than a log is to show

    if len(data) > MAX_SIZE:
        raise BrokenRecord(f"the series is too large: {len(data)} bytes")
    history = series.decode([data], what="the series")
    if len(history.steps) <= _ROWS:
        yield from data.decode("utf-8").splitlines()
        return
    yield f"rows: {len(history.steps)}, steps {_shown(history.steps[0])} to {_shown(history.steps[-1])}"
    for name in sorted(history.columns):
        yield f"{name}: {', '.join(_course(history, name))}"


def _course(history: History, name: str) -> Iterator[str]:
    cells = [cell for cell in history.columns[name] if cell is not MISSING]
    numbers = [cell for cell in cells if type(cell) in (int, float) and math.isfinite(cell)]  # type: ignore[arg-type]
    if len(cells) < len(history.steps):
        yield f"{len(cells)} values"
    if cells:
        yield f"first {_shown(cells[0])}"
        yield f"last {_shown(cells[-1])}"
    if numbers:
        yield f"min {_shown(min(numbers))}"  # type: ignore[type-var]
        yield f"max {_shown(max(numbers))}"  # type: ignore[type-var]


def _shown(value: Cell) -> str:
    return "none" if value is None else str(value)


def of_text(data: bytes) -> Iterator[str]:
    """The lines of a text; of a long one the first and the last, and how many stand between them."""
    lines = data.decode("utf-8", "replace").split("\n")
    if lines[-1] == "":
        lines.pop()
    if len(lines) <= 2 * _LINES:
        yield from lines
        return
    yield from lines[:_LINES]
    yield f"({len(lines) - 2 * _LINES} lines left out)"
    yield from lines[-_LINES:]
