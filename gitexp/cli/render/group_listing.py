"""The columns of `git exp ls --group-by`."""

from __future__ import annotations

from gitexp.cli.render.column_texts import NOTHING, WIDEST, heading_of, text_function, value_column
from gitexp.cli.render.fitting import Fitted, fitted
from gitexp.cli.render.table import Column
from gitexp.cli.render.values import cut
from gitexp.model.missing import MISSING
from gitexp.ops.asking import Asked
from gitexp.ops.grouping import Cell, Groups, Several
from gitexp.ops.spread import Spread


def group_listing(found: Groups, width: int | None, most: int | None = None) -> Fitted:
    """The keys, how many runs there are, and each field, as many as there is room for."""
    fixed = [_key_column(found, index) for index in range(len(found.keys))]
    fixed.append(Column("N", [str(len(group.runs)) for group in found.groups], right=True))
    fields = range(len(found.fields))[:most]
    return fitted(fixed, (_field_column(found, index) for index in fields), len(found.fields), width)


def cell_text(cell: Cell, space: str, key: str, size: int) -> str:
    """`0.93 ± 0.01`, with `(2/3)` where only two of the three runs have a finite number."""
    if isinstance(cell, Several):
        return f"({cell.different} values)"
    text = text_function(space, key)
    if not isinstance(cell, Spread):
        return NOTHING if cell is MISSING else text(cell)
    if cell.mean is None:
        return "nan" if cell.nonfinite else NOTHING
    deviation = "" if cell.std is None else f" ± {cell.std:.3g}"
    counted = "" if cell.n == size else f" ({cell.n}/{size})"
    return f"{cell.mean:.6g}{deviation}{counted}"


def left_out_of_means(found: Groups) -> str | None:
    """How many values are in no mean, as a note says it."""
    spreads = [cell for group in found.groups for cell in group.cells if isinstance(cell, Spread)]
    nonfinite = sum(one.nonfinite for one in spreads)
    missing = sum(one.missing for one in spreads)
    parts = [f"{nonfinite} not finite" if nonfinite else "", f"{missing} missing" if missing else ""]
    told = " and ".join(filter(None, parts))
    return f"means leave out values: {told}" if told else None


def _key_column(found: Groups, index: int) -> Column:
    asked = Asked(found.keys[index], [group.key[index] for group in found.groups])
    return value_column(asked.space, asked.key, asked.found)._replace(style="bold")


def _field_column(found: Groups, index: int) -> Column:
    asked = Asked(found.fields[index], ())
    space, key = asked.space, asked.key
    texts = [cell_text(group.cells[index], space, key, len(group.runs)) for group in found.groups]
    words = any(isinstance(group.cells[index], (str, list, Several)) for group in found.groups)
    heading = cut(heading_of(space, key), WIDEST)
    return Column(heading, [cut(text, 2 * WIDEST) for text in texts], right=not words)
