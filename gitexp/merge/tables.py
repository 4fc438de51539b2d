"""The three-way merge of tables whose rows have keys: edits of an evaluation, or shards of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

Key: TypeAlias = tuple[str, int]
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Merged(Generic[Row]):
    rows: Mapping[Key, Row]
    """Everything that could be merged, sorted by key."""
    conflicts: tuple[Key, ...]
    """The rows that both sides changed, and not alike, sorted; `rows` has none of them."""


def merge(base: Mapping[Key, Row], ours: Mapping[Key, Row], theirs: Mapping[Key, Row]) -> Merged[Row]:
    """All that either side changed since `base`: rows that are equal are one, whatever their type is."""
    rows: dict[Key, Row] = {}
    conflicts: list[Key] = []
    for key in sorted({*base, *ours, *theirs}):
        old, mine, other = base.get(key), ours.get(key), theirs.get(key)
        if mine != old and other != old and mine != other:
            conflicts.append(key)
            continue
        kept = mine if other == old else other
        if kept is not None:
            rows[key] = kept
    return Merged(rows, tuple(conflicts))


def are_shards(one: Mapping[Key, Row], other: Mapping[Key, Row]) -> bool:
    """Whether each has rows that the other lacks: of two runs of the same examples neither has."""
    return bool(one.keys() - other.keys()) and bool(other.keys() - one.keys())
