"""The types that records hold, and the identifiers that point at things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NewType, TypeAlias, Union

Scalar: TypeAlias = bool | int | float | str | None
"""One value of a metric or a leaf of the params."""

Value: TypeAlias = Union[Scalar, Sequence["Value"], Mapping[str, "Value"]]  # noqa: UP007 (names itself)
"""What YAML can hold: scalars, lists and string-keyed mappings of them."""

Oid = NewType("Oid", str)
"""A git object id in lower-case hex: 40 digits (SHA-1) or 64 (SHA-256)."""

Digest = NewType("Digest", str)
"""The sha256 of a file's bytes: 64 lower-case hex digits."""
