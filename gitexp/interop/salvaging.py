"""A JSON document that ends too early, up to its last whole row."""

from __future__ import annotations

import re

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
"""Texts, which may hold anything and be cut off too, and what structures a document."""
_CLOSING = {"[": "]", "{": "}"}


def salvaged(text: str) -> str | None:
    """What is whole of `text`, as a document: the outermost list that was being written ends with its last
    whole element, and everything around it is closed. Behind the lists, all that is whole is kept.

    None where it does not end within a list, or behind one.
    """
    open_: list[str] = []
    has_list = False
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
            ends[-1:] = [token.end()] if ends else []
            has_list = has_list or character == "]"
        elif character == "," and ends:
            ends[-1] = token.start()
    if not open_ or not (has_list or "[" in open_):
        return None
    depth = open_.index("[") if "[" in open_ else len(open_) - 1
    return text[: ends[depth]] + "".join(_CLOSING[one] for one in reversed(open_[: depth + 1]))
