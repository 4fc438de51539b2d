"""A JSON document that ends too early, up to its last whole row."""

from __future__ import annotations

import re

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
"""Texts, which may hold anything and be cut off too, and what structures a document."""
_CLOSING = {"[": "]", "{": "}"}


def salvaged(text: str) -> str | None:
    """What is whole of `text`, as a document: the outermost list that was being written ends with its last
    whole element, and everything around it is closed. None where it does not end within one."""
    open_: list[str] = []
    ends: list[int] = []
    """Of each structure that is open, where its last whole element ends."""
    for token in _TOKEN.finditer(text):
        character = token[0]
        if character in _CLOSING:
            open_.append(character)
            ends.append(token.end())
        elif character in "]}":
            if not open_ or _CLOSING[open_.pop()] != character:
                return None
            ends.pop()
        elif character == "," and ends:
            ends[-1] = token.start()
    if "[" not in open_:
        return None
    depth = open_.index("[")
    return text[: ends[depth]] + "".join(_CLOSING[one] for one in reversed(open_[: depth + 1]))
