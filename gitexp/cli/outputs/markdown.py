"""A table for a pull request: GitHub's Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.cli.outputs import How, Page
from gitexp.cli.outputs.table import left_out, most
from gitexp.cli.render.fitting import Fitted
from gitexp.cli.render.listing import Sheet, listing
from gitexp.cli.render.markdown_table import markdown_table

if TYPE_CHECKING:
    from gitexp.ops.grouping import Groups


def runs_page(sheet: Sheet, how: How) -> Page:
    return _page(listing(sheet, None, most(_unbounded(how))))


def groups_page(found: Groups, sheet: Sheet, how: How) -> Page:
    from gitexp.cli.render.group_listing import group_listing, left_out_of_means

    page = _page(group_listing(found, None, most(_unbounded(how))))
    return page._replace(note="; ".join(filter(None, (page.note, left_out_of_means(found)))) or None)


def _unbounded(how: How) -> How:
    """Markdown is as wide as it is; whoever shows it folds it."""
    return how._replace(screen=how.screen._replace(width=None))


def _page(found: Fitted) -> Page:
    note = f"{left_out(found.left_out)}: --columns all shows them" if found.left_out else None
    return Page((f"{line}\n" for line in markdown_table(found.columns)), note)
