"""What differs between runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def differing(each: Sequence[Mapping[str, Any]]) -> list[str]:
    """The keys whose values are not the same in all of `each`, sorted; of a single mapping all its keys."""
    keys = sorted({key for one in each for key in one})
    if len(each) == 1:
        return keys
    return [key for key in keys if len({_mark(one, key) for one in each}) > 1]


def _mark(one: Mapping[str, Any], key: str) -> str:
    # By its type as well: 1, 1.0 and True are three values. NaN is equal to itself.
    return f"{type(one[key]).__name__} {one[key]!r}" if key in one else ""
