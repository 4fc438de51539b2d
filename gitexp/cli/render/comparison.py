"""The page of `git exp diff`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from gitexp.cli.render.paint import STATUS, Paint
from gitexp.cli.render.table import Cell, Column, table
from gitexp.cli.render.values import cut, delta_text, metric_text, value_text
from gitexp.cli.safe_text import safe
from gitexp.cli.screen import Screen
from gitexp.model.history import MISSING
from gitexp.ops.compare import Change, Comparison
from gitexp.ops.read import StoredRun

_INDENT = "  "
_WIDEST = 40
_NONE = "(none)"


def comparison_page(
    old: StoredRun, new: StoredRun, found: Comparison, stat: str, screen: Screen
) -> list[str]:
    """What differs, part by part; `stat` is what git says of the code."""
    paint = Paint(screen.colour)
    lines = [*_heading("-", "red", old, paint), *_heading("+", "green", new, paint)]
    for heading, changes, text in (
        ("Params", found.params, value_text),
        ("Metrics", found.metrics, metric_text),
        ("Inputs", found.inputs, _short),
        ("Packages", found.packages, _version),
        ("Environment", found.env, value_text),
    ):
        if changes:
            lines += ["", paint("bold", heading), *_rows(changes, text, paint, heading == "Metrics")]
    if found.code:
        lines += ["", paint("bold", "Code"), *_code(stat)]
    if not found.differs:
        lines += ["", "nothing differs"]
    return lines


def _heading(sign: str, style: str, run: StoredRun, paint: Paint) -> list[str]:
    status = run.record.info.status
    return [f"{paint(style, sign)} {paint('bold', run.name)}  {paint(STATUS[status], status.value)}"]


def _rows(changes: Sequence[Change], text: Callable[..., str], paint: Paint, deltas: bool) -> list[str]:
    columns = [
        Column("", [Cell(cut(safe(change.key), _WIDEST)) for change in changes]),
        Column("", [Cell(_side(change.old, text), _style(change, "red")) for change in changes]),
        Column("", [Cell("->" if change.differs else "==", "dim") for change in changes]),
        Column("", [Cell(_side(change.new, text), _style(change, "green")) for change in changes]),
    ]
    if deltas:
        columns.append(Column("", [Cell(_delta(change)) for change in changes]))
    return table(columns, paint, headings=False, indent=_INDENT)


def _side(value: object, text: Callable[..., str]) -> str:
    return _NONE if value is MISSING else cut(text(value), _WIDEST)


def _style(change: Change, style: str) -> str | None:
    return style if change.differs else None


def _delta(change: Change) -> str:
    if change.old is MISSING or change.new is MISSING or not change.differs:
        return ""
    return delta_text(change.old, change.new)  # type: ignore[arg-type]


def _version(value: object) -> str:
    return safe(str(value))


def _short(value: object) -> str:
    """A hash by its first digits."""
    if isinstance(value, str) and value.startswith("sha256:"):
        return value[:17]
    return value_text(value)  # type: ignore[arg-type]


def _code(stat: str) -> Iterable[str]:
    return [(_INDENT + safe(line, lines=True).strip()) for line in stat.splitlines()]
