"""A query as a tree of frozen values, each of which prints as it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from gitexp.query.words import ALIASES, BARE, RUN, RUN_FIELDS, SPACES, in_quotes, is_key, is_word, meaning

Place: TypeAlias = tuple[int, int]
"""Where something stands in the text, from one offset up to another; it is no part of the value."""

_NOWHERE: Place = (0, 0)


@dataclass(frozen=True, slots=True)
class Field:
    """What a run is asked for."""

    space: str
    """`run`, `params`, `metrics`, `inputs`, `env`, or empty where it has to be found out."""
    key: str
    """Dotted; in the space `run` one of RUN_FIELDS."""
    aggregate: str = ""
    """Of a metric's series: one of AGGREGATES."""
    place: Place = field(default=_NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        if self.space == RUN:
            return self.key
        key = f"{self.key}.{self.aggregate}" if self.aggregate else self.key
        if self.space != BARE:
            return f"{self.space}.{key if is_word(f'x{key}') and ':' not in key else in_quotes(key)}"
        return key if _stands_bare(key) else in_quotes(key)


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it is written."""

    text: str
    exact: bool = False
    """Whether it is text only, although it reads as something else: `"3"`."""
    place: Place = field(default=_NOWHERE, compare=False, repr=False)

    @property
    def value(self) -> bool | int | float | str | None:
        return self.text if self.exact else meaning(self.text)

    def __str__(self) -> str:
        return self.text if not self.exact and is_word(self.text) else in_quotes(self.text)


def literal(text: str, *, quoted: bool = False, place: Place = _NOWHERE) -> Literal:
    """The literal that `text` is, in quotes or without; equal ones have one form."""
    return Literal(text, quoted and not isinstance(meaning(text), str), place)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One condition on one field."""

    field: Field
    operator: str
    """One of OPERATORS, `contains`, `in`, or `has`."""
    values: tuple[Literal, ...] = ()
    """One; of `in` any number; of `has` none."""

    def __str__(self) -> str:
        if self.operator == "has":
            return f"has:{self.field}"
        if self.operator == "in":
            return f"{self.field} in [{', '.join(map(str, self.values))}]"
        return f"{self.field} {self.operator} {self.values[0]}"


@dataclass(frozen=True, slots=True)
class Not:
    part: Expression

    def __str__(self) -> str:
        return f"not {_nested(self.part)}"


@dataclass(frozen=True, slots=True)
class Junction:
    """Two or more parts, all of which (`and`) or one of which (`or`) must hold."""

    word: str
    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return f" {self.word} ".join(_nested(part) for part in self.parts)


Expression: TypeAlias = Comparison | Not | Junction


def _nested(part: Expression) -> str:
    return f"({part})" if isinstance(part, Junction) else str(part)


def _stands_bare(key: str) -> bool:
    """Whether a key without its space would be read as one."""
    space = key.partition(".")[0].lower()
    return (
        is_word(key)
        and ":" not in key
        and key not in (*RUN_FIELDS, *ALIASES, "&&", "||")
        and not ("." in key and space in SPACES)
        and is_key(key)
    )
