"""The three-way merge of nested mappings, key by key: params, and records that plain git merges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gitexp.model.missing import MISSING, Missing
from gitexp.model.values import Value, same

Key: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A key that sides changed, and not alike."""

    key: Key
    base: Value | Missing
    values: tuple[Value | Missing, ...]
    """What each side has there."""


@dataclass(frozen=True, slots=True)
class Merged:
    values: Mapping[str, Value]
    """Everything that could be merged; at a conflict the base's value stands, or nothing."""
    conflicts: tuple[Conflict, ...]


def merge(base: Mapping[str, Value], sides: Sequence[Mapping[str, Value]]) -> Merged:
    """All that any side changed since `base`: a value that only some changed is theirs, alike.

    Mappings are entered; lists and scalars are values. Types count: 1, 1.0 and True differ. The order of keys
    is that of `base`, then of the sides as they come.
    """
    conflicts: list[Conflict] = []
    merged = _mappings((), base, sides, conflicts)
    return Merged(merged, tuple(conflicts))


def _mappings(
    path: Key, base: Mapping[str, Value], sides: Sequence[Mapping[str, Value]], conflicts: list[Conflict]
) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key in dict.fromkeys(key for one in (base, *sides) for key in one):
        values = tuple(side.get(key, MISSING) for side in sides)
        value = _values((*path, key), base.get(key, MISSING), values, conflicts)
        if value is not MISSING:
            found[key] = value
    return found


def _values(
    path: Key, base: Value | Missing, values: tuple[Value | Missing, ...], conflicts: list[Conflict]
) -> Value | Missing:
    changed = [value for value in values if not same(base, value)]
    if not changed:
        return base
    if all(same(changed[0], value) for value in changed[1:]):
        return changed[0]
    mappings = [value for value in values if isinstance(value, Mapping)]
    if len(mappings) == len(values) and (base is MISSING or isinstance(base, Mapping)):
        return _mappings(path, base if isinstance(base, Mapping) else {}, mappings, conflicts)
    conflicts.append(Conflict(path, base, values))
    return base


def changes(before: Mapping[str, Value], after: Mapping[str, Value]) -> dict[Key, Value | Missing]:
    """What leads from one mapping to the other, by key; MISSING for a key that is taken away.

    Mappings that both have are entered, so that the least that can change does.
    """
    found: dict[Key, Value | Missing] = {}
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key, MISSING), after.get(key, MISSING)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found |= {(key, *rest): value for rest, value in changes(old, new).items()}
        elif not same(old, new):
            found[key,] = new
    return found
