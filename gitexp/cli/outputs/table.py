"""The table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.cli.outputs import How, Page
from gitexp.cli.render.fitting import Fitted
from gitexp.cli.render.listing import Sheet, listing
from gitexp.cli.render.paint import Paint
from gitexp.cli.render.table import table

if TYPE_CHECKING:
    from gitexp.ops.grouping import Groups

MOST = 8
"""Columns of values that are shown where the width is not known."""


def runs_page(sheet: Sheet, how: How) -> Page:
    found = listing(sheet, how.screen.width, most(how))
    return _page(found, how)


def groups_page(found: Groups, sheet: Sheet, how: How) -> Page:
    from gitexp.cli.render.group_listing import group_listing, left_out_of_means

    page = _page(group_listing(found, how.screen.width, most(how)), how)
    return page._replace(note="; ".join(filter(None, (page.note, left_out_of_means(found)))) or None)


def most(how: How) -> int | None:
    return MOST if how.screen.width is None and how.limited else None


def left_out(count: int) -> str:
    return f"{count} more column{'' if count == 1 else 's'}"


def _page(found: Fitted, how: How) -> Page:
    paint = Paint(how.screen.colour)
    lines = table(found.columns, paint)
    if not found.left_out:
        return Page(["\n".join([*lines, ""])])
    if how.screen.width is None:
        return Page(["\n".join([*lines, ""])], f"{left_out(found.left_out)}: --columns all shows them")
    told = f"({left_out(found.left_out)} {'does' if found.left_out == 1 else 'do'} not fit)"
    return Page(["\n".join([*lines, paint("dim", told), ""])])
