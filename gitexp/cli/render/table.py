"""Columns that line up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gitexp.cli.render.paint import Paint
from gitexp.cli.render.values import display_width

GAP = "  "


class Cell(NamedTuple):
    """A text with a style of its own."""

    text: str
    style: str | None = None


class Column(NamedTuple):
    """One column: its heading and a cell for each row; all cells are of one kind."""

    heading: str
    cells: Sequence[Cell] | Sequence[str]
    right: bool = False
    style: str | None = None
    """Of cells that are plain texts."""

    @property
    def width(self) -> int:
        return max(display_width(self.heading), widest(self.texts))

    @property
    def texts(self) -> Sequence[str]:
        return [cell[0] for cell in self.cells] if self.is_styled else self.cells  # type: ignore[return-value]

    @property
    def is_styled(self) -> bool:
        """Whether each cell has a style of its own."""
        return len(self.cells) > 0 and not isinstance(self.cells[0], str)


def widest(texts: Sequence[str]) -> int:
    """The columns that the widest of `texts` takes."""
    # Joined, because asking 10,000 texts one by one is what makes a table slow.
    measure = len if "".join(texts).isascii() else display_width
    return max(map(measure, texts), default=0)


def table(columns: Sequence[Column], paint: Paint, *, headings: bool = True, indent: str = "") -> list[str]:
    """The lines of a table; blanks at line ends are left out."""
    if not paint.on and columns:
        return _plain(columns, headings, indent)
    padded = [_padded(column, paint, headings, column is columns[-1]) for column in columns]
    line = (indent + GAP.join(["%s"] * len(columns))).__mod__
    return [text.rstrip() for text in map(line, zip(*padded, strict=True))]


def _plain(columns: Sequence[Column], headings: bool, indent: str) -> list[str]:
    """The lines without colours; columns without wide characters are padded as the lines are put together."""
    texts: list[Sequence[str]] = []
    places: list[str] = []
    for column in columns:
        own = [column.heading, *column.texts] if headings else column.texts
        whole = "".join(own).isascii()
        texts.append(own if whole else _justified(own, column.right))
        places.append(f"%{'' if column.right else '-'}{max(map(len, own), default=0)}s" if whole else "%s")
    line = (indent + GAP.join(places)).__mod__
    return [text.rstrip() for text in map(line, zip(*texts, strict=True))]


def _padded(column: Column, paint: Paint, heading: bool, last: bool) -> Sequence[str]:
    """The texts of a column as wide as its widest, in their colours."""
    texts = [column.heading, *column.texts] if heading else column.texts
    padded = texts if last and not column.right else _justified(texts, column.right)
    if not paint.on:
        return padded
    styles = [cell[1] for cell in column.cells] if column.is_styled else [column.style] * len(column.cells)
    styles = ["bold", *styles] if heading else styles
    return [
        _painted(text, whole, column.right, style, paint) if style and text else whole
        for text, whole, style in zip(texts, padded, styles, strict=True)
    ]


def _painted(text: str, padded: str, right: bool, style: str, paint: Paint) -> str:
    """Blanks that pad a text stay without colour: some styles would show on them."""
    blank = padded[: len(padded) - len(text)] if right else padded[len(text) :]
    return blank + paint(style, text) if right else paint(style, text) + blank


def _justified(texts: Sequence[str], right: bool) -> Sequence[str]:
    width = widest(texts)
    if "".join(texts).isascii():
        return [text.rjust(width) for text in texts] if right else [text.ljust(width) for text in texts]
    if right:
        return [" " * (width - display_width(text)) + text for text in texts]
    return [text + " " * (width - display_width(text)) for text in texts]
