"""How two nested values differ, key by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from gitexp.model.history import MISSING, Missing
from gitexp.model.values import Value

Path: TypeAlias = tuple[str | int, ...]
"""Keys of mappings and positions in lists, from the outermost inwards."""

_LONGEST = 500
"""Lists with more items are compared as a whole: what they look like next to each other says nothing."""


@dataclass(frozen=True, slots=True)
class Difference:
    path: Path
    old: Value | Missing
    new: Value | Missing


def differences(old: Mapping[str, Value], new: Mapping[str, Value]) -> list[Difference]:
    """Every leaf that is not the same in both, in the order of `old`, then what only `new` has.

    Types count (1, 1.0 and True differ), and NaN is equal to NaN. Lists of scalars are leaves; in other lists
    items with a name or id are matched by it, so that one put in between does not make all behind it differ.
    """
    return list(_mappings((), old, new))


def same(old: Value | Missing, new: Value | Missing) -> bool:
    """Whether two values are equal as `differences` understands it."""
    return not any(_values((), old, new))


def aligned(sides: Sequence[Mapping[str, Value]]) -> list[tuple[Path, tuple[Value | Missing, ...]]]:
    """Every leaf of any side, next to what the others have at that place.

    Mappings are entered, and lists that are not flat where all sides have one of the same length.
    """
    return list(_aligned((), tuple(sides))) if any(sides) else []


def _aligned(
    path: Path, values: tuple[Value | Missing, ...]
) -> Iterator[tuple[Path, tuple[Value | Missing, ...]]]:
    present = [value for value in values if value is not MISSING]
    mappings = [value for value in present if isinstance(value, Mapping)]
    lists = [value for value in present if isinstance(value, (list, tuple))]
    if len(mappings) == len(present) and any(mappings):
        for key in dict.fromkeys(key for one in mappings for key in one):
            inner = tuple(v.get(key, MISSING) if isinstance(v, Mapping) else MISSING for v in values)
            yield from _aligned((*path, key), inner)
    elif len(lists) == len(values) and _is_walked(lists):
        for index in range(len(lists[0])):
            yield from _aligned((*path, index), tuple(one[index] for one in lists))
    elif present:
        yield path, values


def _is_walked(lists: Sequence[Sequence[Value]]) -> bool:
    lengths = {len(one) for one in lists}
    nested = any(isinstance(item, (Mapping, list, tuple)) for one in lists for item in one)
    return len(lengths) == 1 and nested and max(lengths) <= _LONGEST


def _mappings(path: Path, old: Mapping[str, Value], new: Mapping[str, Value]) -> Iterator[Difference]:
    for key in (*old, *(key for key in new if key not in old)):
        yield from _values((*path, key), old.get(key, MISSING), new.get(key, MISSING))


def _values(path: Path, old: Value | Missing, new: Value | Missing) -> Iterator[Difference]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _mappings(path, old, new)
    elif isinstance(old, Mapping) and old and new is MISSING:
        yield from _mappings(path, old, {})
    elif isinstance(new, Mapping) and new and old is MISSING:
        yield from _mappings(path, {}, new)
    elif isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)):
        yield from _lists(path, old, new)
    elif type(old) is not type(new) or (old != new and not (old != old and new != new)):
        yield Difference(path, old, new)


def _lists(path: Path, old: Sequence[Value], new: Sequence[Value]) -> Iterator[Difference]:
    if len(old) == len(new) and all(map(same, old, new)):
        return
    flat = not any(isinstance(item, (Mapping, list, tuple)) for item in (*old, *new))
    if flat or max(len(old), len(new)) > _LONGEST or _reordered(old, new):
        yield Difference(path, old, new)
    else:
        yield from _matched(path, old, new)


def _matched(path: Path, old: Sequence[Value], new: Sequence[Value]) -> Iterator[Difference]:
    # A third of a second, most of it numpy: only for the few values that need it.
    from deepdiff import DeepDiff
    from deepdiff.helper import notpresent

    tree = DeepDiff(old, new, view="tree", ignore_nan_inequality=True, iterable_compare_func=_is_same_item)
    # One item may be gone from a place where another one came: that is one difference.
    before: dict[Path, Value] = {}
    after: dict[Path, Value] = {}
    for level in (one for kind, levels in tree.items() if kind != "iterable_item_moved" for one in levels):
        place = (*path, *level.path(output_format="list"))
        before.update({place: level.t1} if level.t1 is not notpresent else {})
        after.update({place: level.t2} if level.t2 is not notpresent else {})
    for place in sorted({**before, **after}, key=_order):
        yield from _values(place, before.get(place, MISSING), after.get(place, MISSING))


def _is_same_item(old: Any, new: Any, _level: object = None) -> bool:
    """Whether two items of lists are to be compared with each other."""
    from deepdiff.helper import CannotCompare

    one, other = _name(old), _name(new)
    if one is None and other is None:
        raise CannotCompare
    return one == other


def _reordered(old: Sequence[Value], new: Sequence[Value]) -> bool:
    """Whether named items that are in both stand in another order."""
    one, other = ([name for item in side if (name := _name(item))] for side in (old, new))
    return [name for name in one if name in other] != [name for name in other if name in one]


def _name(item: Value) -> str | None:
    """What tells an item of a list from the others; None where nothing does."""
    if not isinstance(item, Mapping):
        return None
    return next((f"{key} {item[key]!r}" for key in ("name", "id") if key in item), None)


def _order(path: Path) -> list[tuple[bool, int, str]]:
    return [(isinstance(part, str), part if isinstance(part, int) else 0, str(part)) for part in path]
