"""What one column of scores means: of which kind they are, and which are better."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from math import isfinite
from typing import TypeAlias

from gitexp.errors import InvalidName

MAX_ID = 500
"""Characters of an example's id, of a metric's name and of a key or value of tags."""
MAX_INT = 1 << 63

Score: TypeAlias = int | float


class Kind(str, Enum):
    """What the values of a metric are."""

    BINARY = "binary"
    ORDINAL = "ordinal"
    CONTINUOUS = "continuous"
    COUNT = "count"


class Direction(str, Enum):
    """Which values of a metric are better."""

    MAX = "max"
    MIN = "min"


class Guess(str, Enum):
    """Where it is from which values are better, if nobody said it."""

    NAME = "name"
    """What the words of the metric's name say."""
    VALUES = "values"
    """They are right or wrong, or steps of a scale: more is taken to be better."""
    NOBODY = "nobody"
    """Nothing tells: neither is better."""


@dataclass(frozen=True, slots=True)
class Metric:
    """What one column of scores means."""

    name: str
    kind: Kind = Kind.CONTINUOUS
    direction: Direction = Direction.MAX
    range: tuple[Score, Score] | None = None
    unit: str | None = None
    guess: Guess | None = None
    """Where the direction is from; None where somebody said it."""
    seen: bool = False
    """Whether the range is only what was seen of scores of which nothing but the direction was said.

    Others may be beyond it. Of a metric of which nothing was said at all it holds: who gives 7 where
    everybody had right or wrong does not measure the same.
    """

    def __post_init__(self) -> None:
        check_label("metric", self.name)

    @property
    def directed(self) -> bool:
        """Whether anything tells which values are better."""
        return self.guess is not Guess.NOBODY

    @property
    def doubt(self) -> str | None:
        """What is to be said of the direction, unless somebody said it."""
        if self.guess is None:
            return None
        if self.guess is Guess.NOBODY:
            return "which way it is better is not known"
        more = "more" if self.direction is Direction.MAX else "less"
        return f"that {more} is better is guessed from its {self.guess.value}"

    @property
    def ends(self) -> tuple[Score, Score] | None:
        """The least and the greatest value that there can be, where that is known."""
        if self.seen:
            return None
        return (0, 1) if self.range is None and self.kind is Kind.BINARY else self.range

    def allows(self, score: Score) -> bool:
        """Whether `score` can be one of this metric.

        A range beside `binary` may be what was seen of its scores: another one between its ends can be.
        """
        if self.kind is Kind.COUNT and (score < 0 or score != int(score)):
            return False
        if self.ends is None:
            return True
        if self.range is None:
            return score in self.ends
        return self.range[0] <= score <= self.range[1]

    @property
    def allowed(self) -> str:
        """What its scores can be, in words."""
        if self.ends is None:
            return "a whole number from 0 on" if self.kind is Kind.COUNT else "a number"
        return f"{self.ends[0]:g} {'or' if self.range is None else 'to'} {self.ends[1]:g}"

    @property
    def whole(self) -> Score | None:
        """The best score that there can be, where that is known, or else was seen."""
        ends = self.range if self.seen else self.ends
        return None if ends is None or not self.directed else ends[self.direction is Direction.MAX]

    def is_short(self, score: Score) -> bool:
        """Whether `score` is less than the whole one; of a metric of which that is not known none is."""
        if self.whole is None:
            return False
        return score < self.whole if self.direction is Direction.MAX else score > self.whole


def check_label(what: str, text: object) -> str:
    """`text` where it can name an example, a metric or a tag: one line of text. Raises InvalidName."""
    if not isinstance(text, str):
        raise InvalidName(f"invalid {what} {text!r:.80}: it is not text")
    if not text or len(text) > MAX_ID or not text.isprintable():
        raise InvalidName(
            f"invalid {what} {text[:80]!r}", hint=f"use one line of 1 to {MAX_ID} printable characters"
        )
    return text


def is_score(value: object) -> bool:
    """Whether it is a finite number: NaN says that there is no score, so it is none."""
    return (type(value) is int and -MAX_INT < value < MAX_INT) or (type(value) is float and isfinite(value))


def kind_of(values: AbstractSet[Score]) -> tuple[Kind, tuple[Score, Score] | None]:
    """What a metric with these values looks like, and its range, where nobody says."""
    if values <= {0, 1}:
        return Kind.BINARY, (0, 1)
    if values <= {0, 0.5, 1}:
        return Kind.ORDINAL, (0, 1)
    return Kind.CONTINUOUS, None


def guessed(name_says: str | None, kind: Kind) -> tuple[Direction, Guess]:
    """Which way a metric is better where nobody says it; `name_says` is what its name does."""
    if name_says is not None:
        return Direction(name_says), Guess.NAME
    stepped = kind in (Kind.BINARY, Kind.ORDINAL)
    return Direction.MAX, Guess.VALUES if stepped else Guess.NOBODY
