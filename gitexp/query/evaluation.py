"""What a query means: each condition as a function of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from gitexp.model.history import MISSING, Missing
from gitexp.model.values import Value
from gitexp.query.conditions import Holds, holds_of
from gitexp.query.subject import Subject
from gitexp.query.tree import Comparison, Expression, Field, Not
from gitexp.query.words import AGGREGATES, BARE, METRICS, PARAMS

Test: TypeAlias = Callable[[Subject], bool]


def test_of(expression: Expression | None, text: str) -> Test:
    """The function that an expression stands for; `text` is for errors. Raises QueryError."""
    if expression is None:
        return lambda subject: True
    if isinstance(expression, Comparison):
        return _comparison(expression, text)
    if isinstance(expression, Not):
        inner = test_of(expression.part, text)
        return lambda subject: not inner(subject)
    tests = [test_of(part, text) for part in expression.parts]
    decide = all if expression.word == "and" else any
    return lambda subject: decide(test(subject) for test in tests)


def look_up(subject: Subject, field: Field) -> Value | Missing:
    """What a run has at `field`: `acc.max` is the metric of that name, or else the greatest of `acc`."""
    return _first(subject, candidates(field))


def candidates(field: Field) -> tuple[Field, ...]:
    """The fields that `field` may mean, the likeliest first."""
    if field.space == BARE:
        return (Field(PARAMS, field.key), *candidates(Field(METRICS, field.key)))
    name, _, last = field.key.rpartition(".")
    if field.space == METRICS and not field.aggregate and name and last in AGGREGATES:
        return (field, Field(METRICS, name, last))
    return (field,)


def _first(subject: Subject, fields: tuple[Field, ...]) -> Value | Missing:
    for field in fields:
        value = subject.get(field)
        if value is not MISSING:
            return value
    return MISSING


def _comparison(comparison: Comparison, text: str) -> Test:
    fields = candidates(comparison.field)
    if comparison.operator == "has":
        return lambda subject: _first(subject, fields) is not MISSING
    negative = comparison.operator.startswith("!")
    holds = holds_of(comparison, text)

    def test(subject: Subject) -> bool:
        value = _first(subject, fields)
        return value is not MISSING and _any_holds(value, holds, subject.now) is not negative

    return test


def _any_holds(value: Any, holds: Holds, now: float) -> bool:
    """Of a list whether it holds for one of its items; a mapping is not comparable."""
    if isinstance(value, (list, tuple)):
        return any(_any_holds(item, holds, now) for item in value)
    return not isinstance(value, Mapping) and holds(value, now)
