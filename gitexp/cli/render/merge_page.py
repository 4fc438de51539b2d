"""The page of `git exp merge`: what was merged of whom, or the conflicts and what came of each side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitexp.cli.render.paint import Paint
from gitexp.cli.render.table import Cell, Column, table
from gitexp.cli.render.values import cut, value_text
from gitexp.cli.safe_text import safe
from gitexp.cli.screen import Screen
from gitexp.formats.assignment import join_key
from gitexp.model.missing import MISSING, Missing
from gitexp.model.values import Value
from gitexp.ops.merging.conflicts import Conflicts, Contender, Fate
from gitexp.ops.merging.merge import Merged, ParamChange, PathChange

_INDENT = "  "
_WIDEST = 40


def merge_page(merged: Merged, screen: Screen) -> list[str]:
    """Conflicts, or else the params and files of the draft that differ from the common base."""
    paint = Paint(screen.colour)
    if merged.conflicts is not None:
        return list(_conflicts(merged.conflicts, paint))
    return [
        *_section("Params", [_param(one, merged) for one in merged.params], paint),
        *_section("Code", [_path(one) for one in merged.paths], paint),
    ]


def _conflicts(found: Conflicts, paint: Paint) -> Iterator[str]:
    for one in found.keys:
        place = f" in {safe(one.file)}" if one.file else ""
        yield paint("bold", f"conflict in param {safe(join_key(one.key))}{place}")
        sides = [(_text(value), found.contenders[index]) for index, value in enumerate(one.values)]
        yield from _sides([("base", _text(one.base), "", ""), *(_row(*side) for side in sides)], paint)
    for conflict in found.files:
        yield paint("bold", f"conflict in file {safe(conflict.path)}")
        fates = zip(conflict.fates, found.contenders, strict=True)
        yield from _sides([_row(_fate(fate), contender) for fate, contender in fates], paint)


def _row(told: str, one: Contender) -> tuple[str, str, str, str]:
    return one.name, told, one.author.name, one.effect or "no metrics"


def _sides(rows: Sequence[Sequence[str]], paint: Paint) -> list[str]:
    return _table([[cut(safe(text), _WIDEST) for text in row] for row in rows], paint)


def _param(one: ParamChange, merged: Merged) -> list[str]:
    by = ", ".join(one.by) if one.by else "given"
    if len(one.by) == len(merged.runs):
        by = "all"
    return [join_key(one.key), _text(one.base), "->", _text(one.value), by]


def _path(one: PathChange) -> list[str]:
    return [one.path, ", ".join(one.by)]


def _section(heading: str, rows: Sequence[Sequence[str]], paint: Paint) -> list[str]:
    if not rows:
        return []
    return [paint("bold", heading), *_sides(rows, paint)]


def _table(rows: Sequence[Sequence[str]], paint: Paint) -> list[str]:
    columns = [Column("", [Cell(row[i]) for row in rows]) for i in range(len(rows[0]))]
    return table(columns, paint, headings=False, indent=_INDENT)


def _fate(fate: Fate) -> str:
    if fate.change is None or fate.what == "deleted":
        return fate.what
    if fate.change.added is None:
        return f"{fate.what} (binary)"
    return f"{fate.what} +{fate.change.added} -{fate.change.deleted}"


def _text(value: Value | Missing) -> str:
    return "(none)" if value is MISSING else value_text(value)
