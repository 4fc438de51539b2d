"""The columns of a table that a screen has room for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gitexp.cli.render.table import GAP, Column, widest
from gitexp.cli.render.values import cut

_LEAST = 10
"""Columns below which nothing is cut: too little would be left to be told apart."""


class Fitted(NamedTuple):
    columns: list[Column]
    left_out: int


def fitted(fixed: Sequence[Column], more: Iterable[Column], count: int, width: int | None) -> Fitted:
    """`fixed`, cut as far as must be, and of the `count` in `more` as many as there is room for."""
    if width is None:
        shown = list(more)
        return Fitted([*fixed, *shown], count - len(shown))
    narrow = _narrowed(fixed, width)
    room = width - sum(column.width + len(GAP) for column in narrow) + len(GAP)
    chosen: list[Column] = []
    for column in more if len(narrow) == len(fixed) else ():
        room -= column.width + (len(GAP) if narrow or chosen else 0)
        if room < 0:
            break
        chosen.append(column)
    return Fitted([*narrow, *chosen], len(fixed) - len(narrow) + count - len(chosen))


def _narrowed(columns: Sequence[Column], width: int) -> list[Column]:
    """`columns` within `width`: the widest are cut first, then the last are left out.

    The first one, which mostly holds the names, is cut where nothing else is left.
    """
    widths = [column.width for column in columns]
    while len(widths) > 1 and (too_much := sum(widths) + len(GAP) * (len(widths) - 1) - width) > 0:
        greatest = max(widths[1:])
        if greatest <= _LEAST:
            widths.pop()
            continue
        second = max([one for one in widths[1:] if one < greatest], default=_LEAST)
        widths[widths.index(greatest, 1)] = max(greatest - too_much, min(second, greatest - 1), _LEAST)
    if len(widths) == 1:
        widths = [min(widths[0], width)]
    return [
        narrowed(column, length) if length < column.width else column
        for column, length in zip(columns, widths, strict=False)
    ]


def narrowed(column: Column, width: int) -> Column:
    """A column with every text cut to `width`."""
    heading = cut(column.heading, width)
    if widest(column.texts) <= width:
        return column._replace(heading=heading)
    if column.is_styled:
        cells = [cell._replace(text=cut(cell.text, width)) for cell in column.cells]  # type: ignore[union-attr]
        return column._replace(heading=heading, cells=cells)
    return column._replace(heading=heading, cells=[cut(text, width) for text in column.texts])
