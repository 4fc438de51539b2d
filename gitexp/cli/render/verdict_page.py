"""The verdict on a run that reproduces another one."""

from __future__ import annotations

from collections.abc import Iterator

from gitexp.cli.render.paint import Paint
from gitexp.cli.render.table import Cell, Column, table
from gitexp.cli.render.values import cut, metric_text, number_text, value_text
from gitexp.cli.safe_text import safe
from gitexp.model.reproduction import Fate, InputChange, Measured, Reproduction, Verdict
from gitexp.ops.headline import leading_first

STYLES = {
    Verdict.IDENTICAL: "green",
    Verdict.NOISE: "green",
    Verdict.DIFFERENT: "red",
    Verdict.MISSING: "red",
    Verdict.NEW: None,
    Verdict.NOTHING: None,
}
_SHORT = 10
_WIDEST = 40


def verdict_text(found: Reproduction, paint: Paint) -> str:
    """`identical to brave-otter-3f2ak7 on 1234567890`."""
    on = f" on {found.on[:_SHORT]}" if found.on else ""
    return f"{paint(STYLES[found.verdict], found.verdict.value)}, of {found.name}{on}"


def verdict_rows(found: Reproduction, paint: Paint) -> list[str]:
    """A line for each metric and for each input that is another one."""
    metrics = [(safe(name), found.metrics[name]) for name in leading_first(found.metrics)]
    if not metrics:
        return list(_changes(found))
    columns = [
        Column("", [Cell(cut(name, _WIDEST)) for name, _ in metrics]),
        Column("", [Cell(one.verdict.value, STYLES[one.verdict]) for _, one in metrics]),
        Column("", [Cell(_values(one)) for _, one in metrics]),
    ]
    return [*table(columns, paint, headings=False), *_changes(found)]


def _values(one: Measured) -> str:
    if one.verdict is Verdict.NEW:
        return _value(one.new)
    if one.verdict in (Verdict.IDENTICAL, Verdict.MISSING):
        return _value(one.old)
    told = f"{_exact(one)}"
    if one.tolerance is not None:
        told += f"  (±{number_text(one.tolerance, 3)}: {safe(one.how or '')})"
    return told


def _exact(one: Measured) -> str:
    """Both values, with as many digits as it takes to see that they are two."""
    old, new = _value(one.old), _value(one.new)
    if old == new:
        old, new = value_text(one.old), value_text(one.new)
    return f"{cut(old, _WIDEST)} -> {cut(new, _WIDEST)}"


def _value(value: object) -> str:
    return cut(metric_text(value), _WIDEST)  # type: ignore[arg-type]


def _changes(found: Reproduction) -> Iterator[str]:
    for name, one in found.inputs.items():
        yield f"{cut(safe(name), 2 * _WIDEST)} {_change(one)}"


def _change(one: InputChange) -> str:
    if one.fate is Fate.CHANGED and _is_file(one.old) and not _is_file(one.new):
        # Without a file, its path is all that the new run could note.
        return f"is gone: the old run had {_identity(one.old)}"
    if one.fate is Fate.CHANGED:
        return f"has changed since: {_identity(one.old)} -> {_identity(one.new)}"
    if one.fate is Fate.GONE:
        return f"is not an input of the new run: {_identity(one.old)}"
    return f"is an input of the new run alone: {_identity(one.new)}"


def _is_file(value: object) -> bool:
    return isinstance(value, str) and value.startswith("sha256:")


def _identity(value: object) -> str:
    if isinstance(value, str) and _is_file(value):
        return f"sha256 {safe(value[7 : 7 + _SHORT])}"
    return cut(value_text(value), _WIDEST)  # type: ignore[arg-type]
