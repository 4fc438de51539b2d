"""`--format='%(name) %(metrics.acc)'`, one line a run, as git for-each-ref has it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gitexp.cli.outputs import How, Page
from gitexp.cli.outputs.csv_sheet import STATISTICS, plain_of, statistic_of
from gitexp.cli.render.exact import exact
from gitexp.cli.safe_text import safe
from gitexp.ops.asking import Asked, Choice, asked_columns, bound_fields
from gitexp.ops.grouping import Group, Groups, cell_of
from gitexp.query import Field
from gitexp.query.columns import ColumnKey, parse_columns
from gitexp.query.fault import fault, quoted

if TYPE_CHECKING:
    from gitexp.cli.render.listing import Sheet

_PART = re.compile(r"%(?:(?P<percent>%)|(?P<hex>[0-9a-fA-F]{2})|\()")
_INSIDE = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^)"'])*\)""", re.DOTALL)
_STATISTIC = re.compile(r":([a-z]+)$")


class Slot(NamedTuple):
    """Where a value is filled in."""

    key: ColumnKey
    statistic: str = ""


def runs_page(sheet: Sheet, how: How) -> Page:
    parts = parse_template(how.template)
    slots = [part for part in parts if isinstance(part, Slot)]
    for slot in slots:
        if slot.statistic:
            raise _fault(how.template, slot, f"':{slot.statistic}' is for groups", "--group-by KEY")
    choice = Choice(tuple(slot.key for slot in slots), False, False)
    columns = asked_columns(choice, sheet.runs, how.everything, sheet.now) if slots else []
    return Page(_lines(parts, ([_raw(one, i) for one in columns] for i in range(len(sheet.runs))), how.nul))


def groups_page(found: Groups, sheet: Sheet, how: How) -> Page:
    parts = parse_template(how.template)
    slots = [part for part in parts if isinstance(part, Slot)]
    counts = [slot.key.field == Field("", "n") for slot in slots]
    keys = [slot.key for slot, counts_runs in zip(slots, counts, strict=True) if not counts_runs]
    bound = iter(bound_fields(keys, how.everything, sheet.now))
    fields = [None if counts_runs else next(bound) for counts_runs in counts]
    rows = (
        [
            _of_group(group, found, field, slot.statistic, sheet.now)
            for slot, field in zip(slots, fields, strict=True)
        ]
        for group in found.groups
    )
    return Page(_lines(parts, rows, how.nul))


def parse_template(template: str) -> list[str | Slot]:
    """The literal texts and the slots of a template. Raises QueryError."""
    parts: list[str | Slot] = []
    position = 0
    for match in _PART.finditer(template):
        if match.start() < position:
            continue
        parts.append(template[position : match.start()])
        position = match.end()
        if match["percent"]:
            parts.append("%")
        elif match["hex"]:
            parts.append(chr(int(match["hex"], 16)))
        else:
            end = _end(template, position)
            parts.append(_slot(template, position, end))
            position = end + 1
    return [*parts, template[position:]]


def _end(template: str, start: int) -> int:
    """Where the bracket closes; one in quotes does not."""
    match = _INSIDE.match(template, start)
    if not match:
        raise fault("a bracket that does not end", template, (start - 2, len(template)), hint="write %(name)")
    return match.end() - 1


def _slot(template: str, start: int, end: int) -> Slot:
    inside = template[start:end]
    statistic = _STATISTIC.search(inside)
    if statistic:
        inside = inside[: statistic.start()]
    # Blanks before it, so that it stands in the same column as in the template.
    keys = parse_columns(" " * start + inside, shown=template)
    if len(keys) != 1 or keys[0].added:
        raise fault("expected one key", template, (start, end), hint="write %(name) %(lr)")
    slot = Slot(keys[0], statistic[1] if statistic else "")
    if statistic and statistic[1] not in STATISTICS:
        hint = f"one of {', '.join(f':{one}' for one in STATISTICS)}"
        raise _fault(template, slot, f"unknown statistic {quoted(statistic[1])}", hint)
    return slot


def _fault(template: str, slot: Slot, message: str, hint: str) -> Exception:
    begin, end = slot.key.field.place
    return fault(message, template, (begin, end + len(slot.statistic) + 1), hint=hint)


def _raw(column: Asked, index: int) -> str:
    return exact(column.space, column.key, column.found[index])


def _of_group(group: Group, found: Groups, field: Field | None, statistic: str, now: float) -> str:
    if field is None:
        return str(len(group.runs))
    value: Any
    if field in found.keys and not statistic:
        value = group.key[found.keys.index(field)]
    else:
        cell = cell_of(field, group.runs, now)
        value = statistic_of(cell, statistic) if statistic else plain_of(cell)
    return exact(field.space, field.key, value)


def _lines(parts: Sequence[str | Slot], rows: Iterable[Sequence[str]], nul: bool) -> Iterator[str]:
    for row in rows:
        values = iter(row if nul else [safe(text) for text in row])
        line = "".join(part if isinstance(part, str) else next(values) for part in parts)
        yield line + ("\0" if nul else "\n")
