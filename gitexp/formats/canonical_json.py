"""Canonical JSON: keys sorted, no spaces, no NaN, UTF-8; and the hashes that examples are known by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from math import isfinite
from typing import Any

_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
to_json = _ENCODER.encode
"""`value` as canonical JSON. Raises ValueError for NaN and cycles, TypeError for what JSON does not have."""

HASH_DIGITS = 16
"""64 bits: two of a million examples have the same with a probability of 3e-8."""


def digest(value: Any) -> str:
    """The sha256 of `value` as canonical JSON. Raises as `to_json` does."""
    return sha256(to_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def short_hash(value: Any) -> str:
    """What tells an input, or a target, from others. Raises as `to_json` does."""
    return digest(value)[:HASH_DIGITS]


def finite(value: Any) -> Any:
    """`value` with NaN and infinities, which JSON does not have, as text."""
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, (list, tuple)) else value
