"""Words in a line that is to be typed which only the person knows, and which are not typed as they stand."""

from __future__ import annotations

from collections.abc import Mapping

from gitexp.model.values import Value

_ALL = ("PATH", "FILE", "NAME", "REVISION", "CMD", "SEED", "TEMPERATURE", "MAX_TOKENS")


def placeholder_in(value: Value) -> str | None:
    """The first such word that `value` is, or that it has as a value."""
    each = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else (value,)
    return next((one for one in each if isinstance(one, str) and one in _ALL), None)
