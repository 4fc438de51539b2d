"""A query that was understood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gitexp.query.evaluation import Test, test_of
from gitexp.query.subject import Subject
from gitexp.query.tree import Comparison, Expression, Field, Not


@dataclass(frozen=True, slots=True)
class Query:
    """Equal to another that has the same tree; prints as canonical text, which parses to the same tree.

    Raises QueryError where a value does not fit its field: a status, time or pattern that is none.
    """

    expression: Expression | None
    """None matches every run."""
    text: str = field(default="", compare=False)
    """As it was written, for errors."""
    _test: Test = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_test", test_of(self.expression, self.text or str(self)))

    def __str__(self) -> str:
        return "" if self.expression is None else str(self.expression)

    def matches(self, subject: Subject) -> bool:
        """Whether the run is one that is asked for.

        A comparison with what the run does not have is false, whatever the operator, so its `not` is true;
        null is a value. Raises QueryError where a pattern needs too many steps.
        """
        return self._test(subject)

    def fields(self) -> tuple[Field, ...]:
        """Every field that is asked for, in the order of the text."""
        return tuple(comparison.field for comparison in comparisons(self.expression))


def comparisons(expression: Expression | None) -> Iterator[Comparison]:
    """The conditions of a tree, from left to right."""
    if isinstance(expression, Comparison):
        yield expression
    elif isinstance(expression, Not):
        yield from comparisons(expression.part)
    elif expression is not None:
        for part in expression.parts:
            yield from comparisons(part)
