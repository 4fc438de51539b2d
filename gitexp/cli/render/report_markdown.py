"""`git exp report --md`: for a pull request, in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from gitexp.cli.render.markdown_text import code, escaped, folded, row
from gitexp.cli.render.report_document import BAD, GOOD, Cell, Chapter, Document, Part

MARK = "<!-- git exp report -->"
"""What a job finds its earlier comment by."""
_SIGNS = {GOOD: "🟢 ", BAD: "🔴 ", None: ""}
_WIDEST = 400


def report_markdown(found: Document) -> list[str]:
    """The lines: the first run open, the others folded away.

    What others wrote stands in `<code>`, every character that Markdown or HTML knows as an entity: there it
    is neither markup nor a mention.
    """
    lines = [MARK, "", f"Held against {code(found.base)} ({escaped(found.how)})."]
    lines += [f"\n{escaped(note)}." for note in found.notes]
    for at, one in enumerate(found.chapters):
        heading = f"{code(one.run)} against {code(found.base)}"
        if at == 0:
            lines += ["", f"### {heading}", *_chapter(one)]
        else:
            lines += folded(f"{heading}: {one.summary}", _chapter(one))
    return lines


def _chapter(one: Chapter) -> Iterator[str]:
    for warning in one.warnings:
        yield f"\n**{escaped(warning)}**"
    yield ""
    yield f"**{one.summary}.** {escaped(one.status)}"
    for fact in one.facts:
        yield ""
        yield "".join(map(_cell, fact)) + "."
    for part in one.parts:
        heading = f"{part.heading} {code(part.subject)}" if part.subject else part.heading
        if part.folded:
            yield from folded(heading, _part(part))
        else:
            yield from ("", f"**{heading}**", "", *_part(part))


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
