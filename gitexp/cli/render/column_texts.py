"""Values of a column as the texts that a table shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gitexp.cli.render.table import Column
from gitexp.cli.render.times import age_text, duration_text, moment_text
from gitexp.cli.render.values import cut, metric_text, value_text
from gitexp.cli.safe_text import safe
from gitexp.model.missing import MISSING, Missing
from gitexp.model.values import Value

NOTHING = "-"
WIDEST = 24
"""Columns that a value may take."""
_HASH_DIGITS = 10
_SHORT = 8
_NUMBERS = {int, float, Missing}
_TIMES = ("started", "ended")

_HEADINGS = {"name": "RUN", "tag": "TAGS", "parent": "PARENTS"}


def heading_of(space: str, key: str) -> str:
    """What stands above a column: labels in capitals, keys of the user's as they are."""
    if space == "run":
        return _HEADINGS.get(key, key.upper())
    return safe(key if space in ("params", "metrics") else f"{space}.{key}")


def value_column(space: str, key: str, values: Sequence[Value | Missing], *, longest: int = WIDEST) -> Column:
    """The column of a table; what is missing is a dash."""
    is_time = space == "run" and key in _TIMES
    texts = texts_of(space, key, values, None if is_time else longest)
    right = set(map(type, values)) <= _NUMBERS and not is_time
    style = "bold" if (space, key) == ("run", "name") else None
    return Column(cut(heading_of(space, key), longest), texts, right=right, style=style)


def texts_of(space: str, key: str, values: Sequence[Value | Missing], longest: int | None) -> list[str]:
    """The texts of one column, none longer than `longest`."""
    if space == "metrics" and set(map(type, values)) == {float}:
        return list(map("%.6g".__mod__, values))
    text = text_function(space, key)
    # Most values stand in many runs, as one object.
    ids = list(map(id, values))
    distinct = dict(zip(ids, values, strict=True))
    known = {
        one: NOTHING if value is MISSING else cut(text(value), longest) for one, value in distinct.items()
    }
    return [known[one] for one in ids]


def text_function(space: str, key: str) -> Callable[[Any], str]:
    """How a table shows a value of this key."""
    if space == "run":
        return _LABELS.get(key, _label)
    return metric_text if space == "metrics" else _param


def _param(value: Any) -> str:
    """With six digits too, but so that 1.0 is not taken for 1."""
    if isinstance(value, float):
        whole = value_text(value)
        return whole if len(whole) <= _SHORT else metric_text(value)
    return value_text(value)


def _label(value: Any) -> str:
    return safe(value) if isinstance(value, str) else value_text(value)


def _hash(value: Any) -> str:
    return safe(str(value)[:_HASH_DIGITS])


def _list(value: Any) -> str:
    return safe(",".join(map(str, value)))


_LABELS: dict[str, Callable[[Any], str]] = {
    "started": moment_text,
    "ended": moment_text,
    "age": age_text,
    "duration": duration_text,
    "commit": _hash,
    "tree": _hash,
    "base": _hash,
    "tag": _list,
    "baseline": _list,
    "parent": _list,
    "star": lambda value: "*" if value else "",
}
