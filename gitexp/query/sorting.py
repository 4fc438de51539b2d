"""The order of runs: NaN and what is missing come last, whichever way is sorted."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from gitexp.model.history import MISSING, Missing
from gitexp.model.values import Value
from gitexp.query.evaluation import look_up
from gitexp.query.subject import Subject
from gitexp.query.tree import Field
from gitexp.query.words import in_quotes

T = TypeVar("T")

SortKey: TypeAlias = tuple[int, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """One key to sort by."""

    field: Field
    descending: bool = False
    text: str = dataclasses.field(default="", compare=False)
    """All that was written, for errors."""

    def __str__(self) -> str:
        shown = str(self.field)
        if self.descending:
            return f"-{shown}"
        return in_quotes(self.field.key) if shown.startswith("-") else shown


def sort_key(value: Value | Missing) -> SortKey | None:
    """Something to sort `value` by; None for what comes last: null, NaN, or nothing.

    Any two keys can be compared: false and true, then numbers, then text, then anything else.
    """
    if value is MISSING or value is None or value != value:
        return None
    if isinstance(value, bool):
        return 0, value
    if isinstance(value, (int, float)):
        return 1, value
    if isinstance(value, str):
        return 2, value
    return 3, json.dumps(value, default=str)


def in_order(items: Sequence[T], orders: Sequence[Order], subject: Callable[[T], Subject]) -> list[T]:
    """`items` by the first of `orders`, those equal in it by the second, and so on; else as they were."""
    result = list(items)
    for order in reversed(orders):
        keyed = [(sort_key(look_up(subject(item), order.field)), item) for item in result]
        there = [(key, item) for key, item in keyed if key is not None]
        there.sort(key=lambda pair: pair[0], reverse=order.descending)
        result = [item for _, item in there] + [item for key, item in keyed if key is None]
    return result
