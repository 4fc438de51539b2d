"""Names alone, one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.cli.outputs import How, Page
from gitexp.cli.render.listing import Sheet
from gitexp.errors import UsageError

if TYPE_CHECKING:
    from gitexp.ops.grouping import Groups


def runs_page(sheet: Sheet, how: How) -> Page:
    end = "\0" if how.nul else "\n"
    return Page(f"{run.name}{end}" for run in sheet.runs)


def groups_page(found: Groups, sheet: Sheet, how: How) -> Page:
    raise UsageError("groups have no names", hint="git exp ls --group-by KEY --format='%(KEY)'")
