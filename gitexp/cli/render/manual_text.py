"""The manual as plain text, for where there is no man."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from gitexp.cli.manual import Block, Definitions, Page, Paragraph
from gitexp.cli.render.paint import Paint

_INDENT = " " * 7
_DEEPER = " " * 14


def manual_text(page: Page, width: int, paint: Paint) -> list[str]:
    """The lines of one page."""
    lines: list[str] = []
    for section in page.sections:
        lines.append(paint("bold", section.title))
        for block in section.blocks:
            lines += [*_block(block, width), ""]
    return lines[:-1]


def _block(block: Block, width: int) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield from _wrapped(block.text, width, _INDENT)
    elif isinstance(block, Definitions):
        for term, text in block.items:
            yield _INDENT + term
            yield from _wrapped(text, width, _DEEPER)
    else:
        yield from (_INDENT + line for line in block.lines)


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    return wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
