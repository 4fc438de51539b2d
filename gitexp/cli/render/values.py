"""Params, metrics and sizes as short text, with nothing in it that a terminal would act on."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gitexp.cli.safe_text import safe
from gitexp.model.values import Scalar, Value, as_float, difference

_AMBIGUOUS = ("", "true", "false", "null", "nan", "inf", "-inf")


def value_text(value: Value) -> str:
    """A param, exact: text as it is unless it would be taken for something else."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number_text(value, digits=17)
    if isinstance(value, str):
        return _string(value)
    return safe(_as_json(value))


def metric_text(value: Scalar) -> str:
    """A metric, with six digits."""
    if isinstance(value, float):
        return number_text(value, digits=6)
    return value_text(value)


def number_text(value: int | float, digits: int) -> str:
    if isinstance(value, int):
        return str(value)
    return repr(value) if digits >= 17 else f"{value:.{digits}g}"


_MOST_SHARE = 1000
"""From which on a percentage tells nothing: the old value was next to nothing."""


def delta_text(old: Scalar, new: Scalar) -> str:
    """By how much a metric changed: `+0.03 (+3.3%)`; empty where that has no meaning."""
    delta = difference(old, new)
    if delta is None or not isinstance(old, (int, float)):
        return ""
    share = delta / abs(as_float(old)) if old else math.inf
    return f"{delta:+.4g} ({share:+.1%})" if abs(share) < _MOST_SHARE else f"{delta:+.4g}"


def count_text(number: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def size_text(size: int) -> str:
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def cut(text: str, width: int | None) -> str:
    """`text` with an ellipsis where it is longer than `width`."""
    if width is None or display_width(text) <= width:
        return text
    if text.isascii():
        return text[: width - 1] + "…"
    room = width
    for position, character in enumerate(text):
        room -= display_width(character)
        if room < 1:
            return text[:position] + "…"
    return text


def display_width(text: str) -> int:
    """The columns that printable `text` takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _string(text: str) -> str:
    if text in _AMBIGUOUS or text != text.strip() or _is_number(text):
        return safe(_as_json(text))
    return safe(text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _as_json(value: Value) -> str:
    # Heavy, and most tables hold numbers and words alone.
    import json

    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Value) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
