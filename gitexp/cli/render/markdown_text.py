"""Text in GitHub's Markdown that is nothing but text."""

from __future__ import annotations

import re

_HARMLESS = re.compile(r"(?!.*www\.)[A-Za-z0-9 .+%±(),/-]*", re.ASCII)
_LETTER = re.compile(r"[A-Za-z0-9 ]", re.ASCII)


def escaped(text: str) -> str:
    """`text` as it is where it is words and numbers; else in `<code>`, where a mention or link is none.

    There every sign that Markdown or HTML might know, the pipe included, is written as an entity.
    """
    if _HARMLESS.fullmatch(text):
        return text
    inside = "".join(c if _LETTER.fullmatch(c) or ord(c) > 127 or c in "._" else f"&#{ord(c)};" for c in text)
    return f"<code>{inside}</code>"
