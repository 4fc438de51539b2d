"""Whether a value of a metric is good or bad, told by the values at the ends."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gitexp.errors import UsageError
from gitexp.model.values import Scalar, as_float


@dataclass(frozen=True, slots=True)
class Judge:
    """Knows what is good; what is right at the threshold still is."""

    good: float
    bad: float
    threshold: float

    @property
    def more_is_bad(self) -> bool:
        return self.bad > self.good

    def is_good(self, value: float) -> bool:
        """Not so for NaN: what has diverged is no good result."""
        return value <= self.threshold if self.more_is_bad else value >= self.threshold


def judge_between(metric: str, good: float, bad: float, threshold: float | None) -> Judge:
    """Who is nearer to the bad end is bad, unless a threshold says otherwise. Raises UsageError."""
    if not math.isfinite(good) or not math.isfinite(bad):
        raise UsageError(f"{metric!r} is {good:g} and {bad:g} at the ends", hint="git exp diff GOOD BAD")
    if good == bad:
        raise UsageError(f"{metric!r} is {good:g} at both ends", hint="git exp diff GOOD BAD")
    judge = Judge(good, bad, good + (bad - good) / 2 if threshold is None else threshold)
    if not judge.is_good(good) or judge.is_good(bad):
        raise UsageError(
            f"the threshold {judge.threshold:g} is not between {good:g} and {bad:g}",
            hint=f"--threshold {good + (bad - good) / 2:g}",
        )
    return judge


def number_of(value: Scalar) -> float | None:
    """The value as a number; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return as_float(value)
