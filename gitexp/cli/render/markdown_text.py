"""Text in GitHub's Markdown that is nothing but text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gitexp.cli.render.values import cut
from gitexp.cli.safe_text import safe

_HARMLESS = re.compile(r"(?!.*www\.)[A-Za-z0-9 .+%±(),/-]*", re.ASCII)
_WIDEST = 80
_PLAIN = re.compile(r"[^A-Za-z0-9 ]", re.ASCII)
_LETTER = re.compile(r"[A-Za-z0-9 ]", re.ASCII)


def escaped(text: str) -> str:
    """`text` as it is where it is words and numbers; else in `<code>`, where a mention or link is none.

    There every sign that Markdown or HTML might know, the pipe included, is written as an entity.
    """
    if _HARMLESS.fullmatch(text):
        return text
    inside = "".join(c if _LETTER.fullmatch(c) or ord(c) > 127 or c in "._" else f"&#{ord(c)};" for c in text)
    return f"<code>{inside}</code>"


def code(text: str, widest: int = _WIDEST) -> str:
    """`text`, cut to that width, in `<code>`, every character that Markdown or HTML knows as an entity."""
    return f"<code>{_PLAIN.sub(_entity, cut(safe(text), widest))}</code>"


def preformatted(lines: Iterable[str]) -> list[str]:
    """Lines as they are, every character in them that Markdown or HTML knows as an entity."""
    return ["<pre>", *(_PLAIN.sub(_entity, safe(line)) for line in lines), "</pre>"]


def row(cells: Sequence[str]) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |"


def folded(summary: str, lines: Iterable[str]) -> list[str]:
    """Lines that show when the summary is clicked."""
    # GitHub reads Markdown inside of HTML again after an empty line.
    return ["", f"<details><summary>{summary}</summary>", "", *lines, "", "</details>"]


def _entity(match: re.Match[str]) -> str:
    character = match[0]
    return f"&#{ord(character)};" if character.isascii() and character not in "-." else character
