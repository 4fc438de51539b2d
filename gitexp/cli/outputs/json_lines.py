"""JSON, one run a line, each written when it is read; docs/output.md specifies it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from gitexp.cli.json_output import FORMAT
from gitexp.cli.outputs import How, Page
from gitexp.cli.outputs.json_document import group_values, run_values

if TYPE_CHECKING:
    from gitexp.cli.render.listing import Sheet
    from gitexp.ops.grouping import Groups


def runs_page(sheet: Sheet, how: How) -> Page:
    return Page(_lines(run_values(sheet), how.nul))


def groups_page(found: Groups, sheet: Sheet, how: How) -> Page:
    return Page(_lines(group_values(found), how.nul))


def _lines(values: Iterable[dict[str, Any]], nul: bool) -> Iterator[str]:
    end = "\0" if nul else "\n"
    for value in values:
        yield json.dumps({"format": FORMAT, **value}, allow_nan=False) + end
