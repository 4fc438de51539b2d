"""`git exp report` on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from gitexp.cli.render.paint import Paint
from gitexp.cli.render.report_document import BAD, GOOD, Chapter, Document, Part
from gitexp.cli.render.table import Cell, Column, table
from gitexp.cli.screen import Screen

_INDENT = "  "
_STYLES = {GOOD: "green", BAD: "red", None: None}


def report_page(found: Document, screen: Screen) -> list[str]:
    """The lines: the base, then run by run what is wrong, what came out, and what was done otherwise."""
    paint = Paint(screen.colour)
    lines = [f"base {paint('bold', found.base)}  {paint('dim', found.how)}"]
    lines += [f"{_INDENT}{note}" for note in found.notes]
    for one in found.chapters:
        lines += ["", *_chapter(one, paint)]
    return lines


def _chapter(one: Chapter, paint: Paint) -> Iterator[str]:
    yield f"run {paint('bold', one.run)}  {paint('dim', one.status)}"
    for warning in one.warnings:
        yield _INDENT + paint("red", warning)
    yield _INDENT + one.summary
    for fact in one.facts:
        yield _INDENT + "".join(cell.text for cell in fact)
    for part in one.parts:
        yield ""
        yield _INDENT + paint("bold", " ".join(filter(None, (part.heading, part.subject))))
        yield from _rows(part, paint)
        for note in part.notes:
            yield _INDENT * 2 + paint("dim", note)


def _rows(part: Part, paint: Paint) -> list[str]:
    """The table; columns without a single text are left out."""
    columns = [
        Column(
            name,
            [Cell(row[at].text, _STYLES[row[at].tone]) for row in part.rows],
            right=at in part.right,
        )
        for at, name in enumerate(part.names)
        if any(row[at].text for row in part.rows)
    ]
    return table(columns, paint, indent=_INDENT * 2) if columns else []
