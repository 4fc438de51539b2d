"""The manual as man(7) source."""

from __future__ import annotations

from collections.abc import Iterator

from gitexp.cli.manual import Block, Definitions, Page, Paragraph


def roff(page: Page, version: str) -> str:
    """The source of one man page."""
    lines = [f'.TH {page.name.upper()} 1 "" "gitexp {version}" "Git Exp Manual"', ".nh", ".ad l"]
    for section in page.sections:
        lines.append(f".SH {section.title}")
        for index, block in enumerate(section.blocks):
            if index:
                lines.append(".PP")
            lines += _block(block)
    return "\n".join(lines) + "\n"


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield _escaped(block.text)
    elif isinstance(block, Definitions):
        for term, text in block.items:
            yield ".TP"
            yield f"\\fB{_escaped(term)}\\fR"
            yield _escaped(text)
    else:
        yield from (".nf", *map(_escaped, block.lines), ".fi")


def _escaped(text: str) -> str:
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return f"\\&{plain}" if plain.startswith((".", "\\(aq")) else plain
