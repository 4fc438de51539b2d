"""`git exp report --md`: for a pull request, in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from gitexp.cli.render.markdown_text import code, escaped, folded, row
from gitexp.cli.render.report_document import BAD, GOOD, Cell, Chapter, Document, Part

MARK = "<!-- git exp report -->"
"""What a job finds its earlier comment by."""
_SIGNS = {GOOD: "🟢 ", BAD: "🔴 ", None: ""}
_WIDEST = 400
LONGEST = 60_000
"""Characters: GitHub takes no comment of more than 65,536."""
_LEAST = 2_000
"""What a run takes without its tables."""
_LEFT_OUT = "\n*Left out: too long for a comment; `--html` and `--json` have it.*"


def report_markdown(found: Document) -> list[str]:
    """The lines: the first run open, the others folded away.

    What others wrote stands in `<code>`, every character that Markdown or HTML knows as an entity: there it
    is neither markup nor a mention.
    """
    lines = [MARK, "", f"Held against {code(found.base)} ({escaped(found.how)})."]
    lines += [f"\n{escaped(note)}." for note in found.notes]
    for at, one in enumerate(found.chapters):
        room = LONGEST - sum(len(line) + 1 for line in lines)
        heading = f"{code(one.run)} against {code(found.base)}"
        if at == 0:
            lines += ["", f"### {heading}", *_chapter(one, room)]
        elif room > _LEAST:
            lines += folded(f"{heading}: {one.summary}", _chapter(one, room))
    return lines


def _chapter(one: Chapter, room: int) -> Iterator[str]:
    """The lines of one run; parts that there is no room for are left out."""
    for warning in one.warnings:
        yield f"\n**{escaped(warning)}**"
    yield ""
    yield f"**{one.summary}.** {escaped(one.status)}"
    for fact in one.facts:
        yield ""
        yield "".join(map(_cell, fact)) + "."
    room -= _LEAST
    left_out = False
    for part in one.parts:
        lines = _headed(part)
        size = sum(len(line) + 1 for line in lines)
        left_out = left_out or size > room
        if size <= room:
            room -= size
            yield from lines
    if left_out:
        yield _LEFT_OUT


def _headed(part: Part) -> list[str]:
    heading = f"{part.heading} {code(part.subject)}" if part.subject else part.heading
    if part.folded:
        return folded(heading, _part(part))
    return ["", f"**{heading}**", "", *_part(part)]


def _part(part: Part) -> Iterator[str]:
    shown = [at for at in range(len(part.names)) if any(cells[at].text for cells in part.rows)]
    if shown:
        yield row([part.names[at] for at in shown])
        yield row(["---:" if at in part.right else "---" for at in shown])
    for cells in part.rows:
        yield row([_cell(cells[at]) for at in shown])
    for note in part.notes:
        yield ""
        yield note


def _cell(cell: Cell) -> str:
    if cell.foreign:
        return code(cell.text, _WIDEST) if cell.text else ""
    return _SIGNS[cell.tone] + cell.text if cell.text else ""
