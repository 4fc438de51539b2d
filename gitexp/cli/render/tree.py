"""Lines below lines, as trees are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Branch:
    """A line, and what stands below it."""

    text: str
    below: list[Branch] = field(default_factory=list)


def tree_lines(branches: Sequence[Branch], indent: str = "") -> Iterator[str]:
    """The branches and all that is below them."""
    for place, one in enumerate(branches, 1):
        corner, further = ("└─ ", "   ") if place == len(branches) else ("├─ ", "│  ")
        yield indent + corner + one.text
        yield from tree_lines(one.below, indent + further)
