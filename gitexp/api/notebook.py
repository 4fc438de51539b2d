"""How runs look where they are the last value of a cell; all that a record says is escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from html import escape
from typing import TYPE_CHECKING, Any

from gitexp.api.run_tables import table_of_runs
from gitexp.api.table import Column, Kind
from gitexp.ops.compare import differing

if TYPE_CHECKING:
    from gitexp.api.stored import RecordedRun

_ROWS = 50
_KEYS = 12
"""How many params and metrics the list shows."""
_LONGEST = 60
_LABELS = ("name", "status", "started", "duration", "title", "tags")


def lines(runs: Sequence[RecordedRun]) -> Iterator[str]:
    """The list as plain text: a count, and a line for each of the first runs."""
    yield f"<gitexp runs: {len(runs)}>"
    width = max((len(run.name) for run in runs[:_ROWS]), default=0)
    for run in runs[:_ROWS]:
        numbers = [f"{_printable(name)} {_text(value)}" for name, value in run.metrics.items()][:3]
        yield f"  {run.name:{width}}  {run.status:8}  {', '.join(numbers)}".rstrip()
    if len(runs) > _ROWS:
        yield f"  and {len(runs) - _ROWS} more"


def runs_html(runs: Sequence[RecordedRun]) -> str:
    """A table: labels, and the params and metrics that differ between the runs shown."""
    shown = runs[:_ROWS]
    if not shown:
        return "<p>no run</p>"
    columns = {one.name: one for one in table_of_runs([run.stored for run in shown]).columns}
    kept = [*_LABELS, *_telling(columns.values(), len(shown))]
    head = "".join(f"<th>{_escaped(name)}</th>" for name in kept)
    cells = [[_cell(columns[name], row) for name in kept] for row in range(len(shown))]
    body = "".join("<tr>" + "".join(f"<td>{_escaped(text)}</td>" for text in row) + "</tr>" for row in cells)
    more = f"<p>and {len(runs) - _ROWS} more</p>" if len(runs) > _ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def run_html(run: RecordedRun) -> str:
    """A table of two columns: everything about one run that is there, its metrics first."""
    columns = [one for one in table_of_runs([run.stored]).columns if one.values[0] not in (None, [], False)]
    columns.sort(key=lambda one: (one.name not in _LABELS, not one.name.startswith("metrics.")))
    rows = ["<tr><th>stale</th><td>yes</td></tr>"] if run.stale else []
    rows += [
        f"<tr><th>{_escaped(one.name)}</th><td>{_escaped(_cell(one, 0))}</td></tr>"
        for one in columns
        if one.name not in ("id", "tree")
    ]
    return f"<table><tbody>{''.join(rows)}</tbody></table>"


def _telling(columns: Iterable[Column], count: int) -> list[str]:
    keyed = {one.name: one for one in columns if one.name.startswith(("metrics.", "params."))}
    each: list[Mapping[str, Any]] = [
        {name: one.values[row] for name, one in keyed.items() if one.values[row] is not None}
        for row in range(count)
    ]
    names = differing(each)
    return sorted(names, key=lambda name: (not name.startswith("metrics."), name))[:_KEYS]


def _cell(column: Column, row: int) -> str:
    value = column.values[row]
    if value is None:
        return ""
    if column.kind is Kind.TIME:
        moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=value)
        return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
    if column.kind is Kind.LIST:
        return _printable(", ".join(value))
    return f"{_text(value)} s" if column.name == "duration" else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.6g}"
    return _printable(str(value))


def _printable(text: str) -> str:
    """One line of it, of what can be printed, so that no terminal is told anything."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[: 2 * _LONGEST])
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"


def _escaped(text: str) -> str:
    return escape(_printable(text))
