"""Whether a condition holds for one value."""

from __future__ import annotations

from collections.abc import Callable
from operator import ge, gt, le, lt
from typing import Any, Final, TypeAlias

from gitexp.model.values import Scalar
from gitexp.query.fault import fault, nearest, quoted
from gitexp.query.pattern import Pattern, TooCostly, Unreadable
from gitexp.query.times import moment_range, span_seconds
from gitexp.query.tree import Comparison, Literal
from gitexp.query.words import HASHES, RUN, SPANS, STATUSES, TIMES

Holds: TypeAlias = Callable[[Scalar, float], bool]
"""Of a value that is there, and the present time; `!=` and `!~` are the opposite of `=` and `~`."""

_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_SHORTEST_HASH: Final = 4


def holds_of(comparison: Comparison, text: str) -> Holds:
    """The meaning of a comparison other than `has`. Raises QueryError where a value does not fit."""
    operator, values = comparison.operator, comparison.values
    if operator in ("~", "!~"):
        return _pattern(values[0], text)
    if operator == "contains":
        return _contains(values[0])
    relation = "=" if operator in ("!=", "in") else operator
    each = [_relation(comparison, relation, value, text) for value in values]
    if operator != "in":
        return each[0]
    return lambda value, now: any(holds(value, now) for holds in each)


def _relation(comparison: Comparison, relation: str, value: Literal, text: str) -> Holds:
    field = comparison.field
    if field.space == RUN:
        if field.key in TIMES:
            return _time(relation, value, text)
        if field.key in SPANS:
            return _span(relation, value, text)
        if field.key == "status":
            _check_status(value, text)
        if field.key in HASHES and relation == "=" and len(value.text) >= _SHORTEST_HASH:
            begins = value.text.lower()
            return lambda found, now: isinstance(found, str) and found.startswith(begins)
    return _equal(value) if relation == "=" else _ordered(_ORDERS[relation], value)


def _equal(literal: Literal) -> Holds:
    text, wanted = literal.text, literal.value
    kind = bool if isinstance(wanted, bool) else type(None) if wanted is None else (int, float)
    is_nan = wanted != wanted

    def holds(found: Scalar, now: float) -> bool:
        # Text is compared as it is written, so that the tag 2024 is found without quotes.
        if isinstance(found, str):
            return found == text
        if isinstance(wanted, str) or isinstance(found, bool) is not (kind is bool):
            return False
        return isinstance(found, kind) and (found == wanted or (is_nan and found != found))

    return holds


def _ordered(order: Callable[[Any, Any], bool], literal: Literal) -> Holds:
    """Numbers against numbers and text against text; anything else has no order."""
    wanted = literal.value
    if isinstance(wanted, str):
        return lambda found, now: isinstance(found, str) and order(found, wanted)
    if wanted is None or isinstance(wanted, bool):
        return lambda found, now: False
    return lambda found, now: (
        isinstance(found, (int, float)) and not isinstance(found, bool) and order(found, wanted)
    )


def _contains(literal: Literal) -> Holds:
    equal, text = _equal(literal), literal.text
    return lambda found, now: text in found if isinstance(found, str) else equal(found, now)


def _time(relation: str, literal: Literal, text: str) -> Holds:
    """A span stands for so long ago; a day, minute or second is all of it."""
    ago = span_seconds(literal.text)
    reach = moment_range(literal.text)
    if ago is None and reach is None:
        raise fault(
            f"{quoted(literal.text)} is not a time",
            text,
            literal.place,
            hint="write 3d (ago), 12h, 2026-11-01 or 2026-11-01T18:05:00Z",
        )

    def holds(found: Scalar, now: float) -> bool:
        if not isinstance(found, (int, float)):
            return False
        begin, end = reach or (now - (ago or 0),) * 2
        if relation == "=":
            return begin <= found < end or found == begin
        if relation in ("<", ">="):
            return (found < begin) is (relation == "<")
        return (found > begin and found >= end) is (relation == ">")

    return holds


def _span(relation: str, literal: Literal, text: str) -> Holds:
    value = literal.value
    seconds = span_seconds(literal.text)
    if seconds is None and isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = float(value)
    if seconds is None:
        raise fault(
            f"{quoted(literal.text)} is not a span of time", text, literal.place, hint="write 90s, 12h or 3d"
        )
    wanted = seconds
    if relation == "=":
        return lambda found, now: found == wanted
    order = _ORDERS[relation]
    return lambda found, now: isinstance(found, (int, float)) and order(found, wanted)


def _check_status(literal: Literal, text: str) -> None:
    if literal.text not in STATUSES:
        near = nearest(literal.text, STATUSES)
        hint = f"did you mean {near!r}?" if near else f"one of {', '.join(STATUSES)}"
        raise fault(f"unknown status {quoted(literal.text)}", text, literal.place, hint=hint)


def _pattern(literal: Literal, text: str) -> Holds:
    try:
        pattern = Pattern(literal.text)
    except Unreadable as error:
        raise fault(
            f"pattern {quoted(literal.text)}: {error}", text, literal.place, hint=error.hint
        ) from None

    def holds(found: Scalar, now: float) -> bool:
        if not isinstance(found, str):
            return False
        try:
            return pattern.search(found)
        except TooCostly:
            raise fault(
                f"pattern {quoted(literal.text)} needs too many steps",
                text,
                literal.place,
                hint="write a simpler one",
            ) from None

    return holds
