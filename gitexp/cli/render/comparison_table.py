"""The page of `git exp diff` for more than two runs: a column for each, in blocks that fit the width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import ascii_uppercase

from gitexp.cli.render.comparison import Text, guess, heading, nothing, parts
from gitexp.cli.render.paint import VERDICT, Paint
from gitexp.cli.render.table import GAP, Cell, Column, table
from gitexp.cli.render.values import cut, delta_text
from gitexp.cli.safe_text import safe
from gitexp.cli.screen import Screen
from gitexp.model.history import MISSING, Missing
from gitexp.ops.code_diff import FileChange
from gitexp.ops.comparand import Comparand
from gitexp.ops.compare import Comparison, Line, Measure, Unknown

_INDENT = "  "
_WIDEST_KEY, _NARROWEST_KEY = 30, 12
_WIDEST = 24
_BEST = " *"


def comparison_table(
    each: Sequence[Comparand],
    found: Comparison,
    files: Sequence[Sequence[FileChange]],
    screen: Screen,
    *,
    partial: bool = False,
) -> list[str]:
    """What differs from the first run, A; `files` are for each other run what differs from A's code."""
    paint = Paint(screen.colour)
    lines: list[str] = []
    for letter, one in zip(ascii_uppercase, each, strict=False):
        lines += heading(letter, "cyan", one, paint)
    rows = _rows(found, files, min(_WIDEST_KEY, max(_NARROWEST_KEY, (screen.width or 200) // 3)))
    if rows:
        keys, *cells = zip(*rows, strict=True)
        columns = [Column(letter, one) for letter, one in zip(ascii_uppercase, cells, strict=False)]
        for block in _blocks(Column("", keys), columns, screen.width):
            lines += ["", *table(block, paint)]
    if any(one.best for one in found.metrics):
        told = ["differences are against A, * is the best", *guess(found)]
        lines += ["", *(paint("dim", one.strip()) for one in told)]
    if not found.differs:
        lines += ["", nothing(partial)]
    return lines


def _rows(found: Comparison, files: Sequence[Sequence[FileChange]], widest: int) -> list[list[Cell]]:
    """Each a key and the cells of all runs; headings have rows of their own."""
    rows: list[list[Cell]] = []
    blank = [Cell("")] * len(found.code)
    for name, lines, text in parts(found):
        if lines:
            rows.append([Cell(name, "bold"), *blank])
            rows += [[Cell(cut(_INDENT + safe(line.key), widest)), *_row(line, text)] for line in lines]
    if any(found.code):
        rows += [[Cell("Code", "bold"), *blank], *_code(found.code, files)]
    return rows


def _row(line: Line, text: Text) -> list[Cell]:
    return [_cell(line, index, text) for index in range(len(line.values))]


def _cell(line: Line, index: int, text: Text) -> Cell:
    value = line.values[index]
    if isinstance(value, (Missing, Unknown)):
        return Cell("-" if value is MISSING else "?", "dim")
    told = cut(text(value), _WIDEST)
    if not isinstance(line, Measure):
        return Cell(told)
    delta = "" if index == 0 else delta_text(line.values[0], value).partition(" (")[0]  # type: ignore[arg-type]
    told += f" ({delta})" if delta and float(delta) else ""
    if index in line.best:
        return Cell(told + _BEST, "green")
    return Cell(told, VERDICT.get(line.verdict(index) or "") if index else None)


def _code(differs: Sequence[bool], files: Sequence[Sequence[FileChange]]) -> Iterator[list[Cell]]:
    counts, sums = [Cell("")], [Cell("")]
    for other, listed in zip(differs[1:], files, strict=True):
        added, deleted = sum(f.added or 0 for f in listed), sum(f.deleted or 0 for f in listed)
        counts.append(Cell(str(len(listed)) if other else "same"))
        sums.append(Cell(f"+{added} -{deleted}" if other else ""))
    yield [Cell(_INDENT + "files"), *counts]
    yield [Cell(_INDENT + "lines"), *sums]


def _blocks(keys: Column, columns: Sequence[Column], width: int | None) -> Iterator[list[Column]]:
    """The columns in as many rows of them as need be, each with the keys and the first run."""
    first, rest = columns[0], list(columns[1:])
    while rest:
        room = 0 if width is None else width - keys.width - len(GAP) - first.width
        taken = 0
        while taken < len(rest) and (width is None or taken == 0 or room >= rest[taken].width + len(GAP)):
            room -= rest[taken].width + len(GAP)
            taken += 1
        yield [keys, first, *rest[:taken]]
        rest = rest[taken:]
