"""The types that records hold, and the identifiers that point at things."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NewType, TypeAlias, TypeGuard, Union

Scalar: TypeAlias = bool | int | float | str | None
"""One value of a metric or a leaf of the params."""

Value: TypeAlias = Union[Scalar, Sequence["Value"], Mapping[str, "Value"]]  # noqa: UP007 (names itself)
"""What YAML can hold: scalars, lists and string-keyed mappings of them."""

Oid = NewType("Oid", str)
"""A git object id in lower-case hex: 40 digits (SHA-1) or 64 (SHA-256)."""

Digest = NewType("Digest", str)
"""The sha256 of a file's bytes: 64 lower-case hex digits."""


def same(one: object, other: object) -> bool:
    """Whether two values are equal in type too, NaN equal to NaN and 0.0 not to -0.0."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if type(one) is not type(other):
        return False
    if isinstance(one, float) and isinstance(other, float):
        return one.hex() == other.hex()
    return one == other


def is_finite(value: object) -> TypeGuard[int | float]:
    """Whether it is a number that is finite as a float; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond every float
        return False


def difference(old: object, new: object) -> float | None:
    """`new - old` where both are finite numbers, and so is that."""
    if not is_finite(old) or not is_finite(new):
        return None
    delta = float(new) - float(old)
    return delta if math.isfinite(delta) else None


def as_float(number: int | float) -> float:
    """The nearest float; infinity for whole numbers beyond them."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
