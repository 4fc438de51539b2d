"""Patterns of `.gitattributes`: https://git-scm.com/docs/gitattributes"""

from __future__ import annotations

import re


def pattern(path: str) -> str:
    """A pattern that matches just `path` below its folder; quoted as C strings are where it has to be."""
    escaped = re.sub(r"([\\*?\[])", r"\\\1", f"/{path}")
    if re.search(r'[\s"\\]', escaped):
        return '"' + re.sub(r'(["\\])', r"\\\1", escaped) + '"'
    return escaped
