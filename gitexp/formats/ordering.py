"""Values as formats write them: keys sorted all the way down, and nothing that is not known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


def key_sorted(value: T) -> T:
    """`value` with the keys of every mapping in it sorted; the items of lists stay as they are."""
    if isinstance(value, Mapping):
        return {key: key_sorted(value[key]) for key in sorted(value)}  # type: ignore[return-value]
    if isinstance(value, (list, tuple)):
        return [key_sorted(item) for item in value]  # type: ignore[return-value]
    return value


def without_none(value: Mapping[str, T | None]) -> dict[str, T]:
    """`value` without what is None."""
    return {key: item for key, item in value.items() if item is not None}
