"""Several changes of one text, found in the text as it was and made together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Splice(NamedTuple):
    """What stands from `start` to `end` gives way to `text`."""

    start: int
    end: int
    text: str
    depth: int = 0
    """How deep the key of it is: what is added at one place belongs to the innermost mapping first."""


def spliced(text: str, splices: Iterable[Splice]) -> str | None:
    """`text` with all changes made; None where one of them is inside of another."""
    parts: list[str] = []
    at = 0
    for one in sorted(splices, key=lambda one: (one.start, one.end, -one.depth)):
        if one.start < at:
            return None
        parts += text[at : one.start], one.text
        at = one.end
    return "".join((*parts, text[at:]))
