"""How large a value of JSON is: who walks through one that is too deep may not come back."""

from __future__ import annotations

from typing import Any


def is_deeper(value: Any, levels: int) -> bool:
    """Whether there are more than so many lists and mappings within one another."""
    return count(value, levels) is None


def count(value: Any, levels: int) -> int | None:
    """How many values are in it; None where it is deeper."""
    level, found = [value], 0
    for _ in range(levels + 1):
        found += len(level)
        level = [
            item
            for one in level
            if isinstance(one, (dict, list))
            for item in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return found
    return None
