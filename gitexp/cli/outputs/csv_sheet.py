"""CSV as RFC 4180 has it, with nothing in it that a spreadsheet would run; docs/output.md specifies it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gitexp.cli.outputs import How, Page
from gitexp.cli.render.exact import exact
from gitexp.cli.safe_text import safe
from gitexp.model.missing import MISSING
from gitexp.ops.spread import Spread
from gitexp.query import Field
from gitexp.query.words import RUN

if TYPE_CHECKING:
    from gitexp.cli.render.listing import Sheet, Values
    from gitexp.ops.grouping import Cell, Groups

LABELS = ("name", "status", "started", "ended", "title", "group", "tag", "star", "commit")
_PLURALS = {"tag": "tags", "parent": "parents"}
STATISTICS = ("mean", "std", "min", "max", "n")

_RUNNABLE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a text begins with that a spreadsheet takes for a formula: https://owasp.org/www-community/attacks/CSV_Injection."""


def runs_page(sheet: Sheet, how: How) -> Page:
    from gitexp.ops.asking import labels

    columns: list[Values] = [*sheet.asked, *sheet.more]
    if sheet.labels:
        columns = [*labels(LABELS, sheet.runs, sheet.now), *columns]
    headings = [_PLURALS.get(one.key, one.key) if one.space == RUN else name_of(one) for one in columns]
    cells = ([_text(one.space, one.key, value) for value in one.values()] for one in columns)
    rows = zip(*cells, strict=True) if columns else ()
    return Page(_lines(headings, rows))


def groups_page(found: Groups, sheet: Sheet, how: How) -> Page:
    keys = [str(field) for field in found.keys]
    fields = [
        f"{field}:{statistic}" if statistic else str(field)
        for index, field in enumerate(found.fields)
        for statistic in _statistics([group.cells[index] for group in found.groups])
    ]
    rows = (
        [
            *(_text(one.space, one.key, value) for one, value in zip(found.keys, group.key, strict=True)),
            str(len(group.runs)),
            *_group_cells(found, group.cells),
        ]
        for group in found.groups
    )
    return Page(_lines([*keys, "n", *fields], rows))


def name_of(values: Values) -> str:
    """The key as a query spells it."""
    return str(Field(values.space, values.key))


def statistic_of(cell: Cell, statistic: str) -> Any:
    """`mean`, `std`, `min`, `max` or `n` of a group's cell; MISSING where there is none."""
    if not isinstance(cell, Spread):
        return MISSING
    value = getattr(cell, statistic)
    return MISSING if value is None else value


def _statistics(cells: Sequence[Cell]) -> Sequence[str]:
    """Of a column in which any group has a spread all of them; else the value itself."""
    return STATISTICS if any(isinstance(cell, Spread) for cell in cells) else ("",)


def _group_cells(found: Groups, cells: Sequence[Cell]) -> Iterator[str]:
    for index, (field, cell) in enumerate(zip(found.fields, cells, strict=True)):
        for statistic in _statistics([group.cells[index] for group in found.groups]):
            value = statistic_of(cell, statistic) if statistic else plain_of(cell)
            yield _text("" if statistic else field.space, field.key, value)


def plain_of(cell: Cell) -> Any:
    """The one value of a cell, its mean, or MISSING where there are several."""
    from gitexp.ops.grouping import Several

    if isinstance(cell, Spread):
        return MISSING if cell.mean is None else cell.mean
    return MISSING if isinstance(cell, Several) else cell


def _text(space: str, key: str, value: Any) -> str:
    text = exact(space, key, value)
    return text if isinstance(value, (int, float)) else harmless(text)


def harmless(text: str) -> str:
    """`text` with an apostrophe before what a spreadsheet would run, and nothing a terminal would act on."""
    return safe(f"'{text}" if text.startswith(_RUNNABLE) else text, lines=True)


def _lines(headings: Sequence[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    # A key of somebody else's begins no line of its own: the log of a CI job takes some for commands.
    for row in ([safe(harmless(heading)) for heading in headings], *rows):
        writer.writerow(row)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
