"""One JSON document; docs/output.md specifies it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gitexp.cli.json_output import long_document_text
from gitexp.cli.outputs import How, Page
from gitexp.cli.run_value import group_value, listed_value
from gitexp.query import Field

if TYPE_CHECKING:
    from gitexp.cli.render.listing import Sheet
    from gitexp.ops.grouping import Groups


def runs_page(sheet: Sheet, how: How) -> Page:
    return _page({"runs": list(run_values(sheet))}, how)


def groups_page(found: Groups, sheet: Sheet, how: How) -> Page:
    return _page({"groups": list(group_values(found))}, how)


def run_values(sheet: Sheet) -> Iterable[dict[str, Any]]:
    """Each run as plain values, with the columns that were asked for."""
    names = [str(Field(one.space, one.key)) for one in sheet.asked]
    found = [one.values() for one in sheet.asked]
    for index, run in enumerate(sheet.runs):
        asked = {name: values[index] for name, values in zip(names, found, strict=True)}
        stale, marks = run.name in sheet.stale, sheet.baselines.get(run.name, ())
        yield listed_value(run, sheet.progress.get(run.name), asked or None, stale=stale, baselines=marks)


def group_values(found: Groups) -> Iterable[dict[str, Any]]:
    for group in found.groups:
        yield group_value(found, group)


def _page(value: dict[str, Any], how: How) -> Page:
    broken = [{"name": name, "error": error.message} for name, error in how.broken]
    return Page([long_document_text({**value, "broken": broken})])
