"""Columns that line up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitexp.cli.render.paint import Paint
from gitexp.cli.render.values import display_width

GAP = "  "


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    style: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading and a cell for each row."""

    heading: str
    cells: Sequence[Cell]
    right: bool = False

    @property
    def width(self) -> int:
        return max(display_width(self.heading), *(display_width(cell.text) for cell in self.cells), 0)


def table(columns: Sequence[Column], paint: Paint, *, headings: bool = True, indent: str = "") -> list[str]:
    """The lines of a table; blanks at line ends are left out."""
    widths = [column.width for column in columns]
    count = len(columns[0].cells) if columns else 0
    rows = [[Cell(column.heading, "bold") for column in columns]] if headings else []
    rows += [[column.cells[index] for column in columns] for index in range(count)]
    lines = []
    for row in rows:
        line = indent
        for position, (column, cell, width) in enumerate(zip(columns, row, widths, strict=True)):
            padding = " " * (width - display_width(cell.text))
            text = paint(cell.style, cell.text)
            line += (GAP if position else "") + (padding + text if column.right else text + padding)
        lines.append(line.rstrip())
    return lines
