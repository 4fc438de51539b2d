"""Numbers of repeated runs in short: mean, deviation and extremes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from gitexp.model.missing import Missing
from gitexp.model.values import Value, is_finite


class Spread(NamedTuple):
    """What the values of one key have in common; all but the counts is over the finite numbers."""

    n: int
    """How many finite numbers there are."""
    mean: float | None
    """None where there is none."""
    std: float | None
    """The sample standard deviation, with n - 1; None for fewer than two."""
    min: int | float | None
    max: int | float | None
    nonfinite: int
    """How many were NaN or infinite."""
    missing: int
    """How many had no number there."""


def spread(values: Sequence[Value | Missing]) -> Spread:
    """The spread of the numbers among `values`; true and false are none."""
    numbers = [value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
    finite = [value for value in numbers if is_finite(value)]
    return Spread(
        n=len(finite),
        mean=_mean(finite) if finite else None,
        std=_deviation(finite) if len(finite) > 1 else None,
        min=min(finite, default=None),
        max=max(finite, default=None),
        nonfinite=len(numbers) - len(finite),
        missing=len(values) - len(numbers),
    )


def _mean(numbers: Sequence[int | float]) -> float:
    if min(numbers) == max(numbers):
        return float(numbers[0])  # a sum would be rounded
    scale = _scale(numbers)
    return math.fsum(number / scale for number in numbers) / len(numbers) * scale


def _deviation(numbers: Sequence[int | float]) -> float:
    """In two passes, as differences of squares lose all digits where numbers are close to each other."""
    mean, scale = _mean(numbers), _scale(numbers)
    squares = math.fsum((number / scale - mean / scale) ** 2 for number in numbers)
    return math.sqrt(squares / (len(numbers) - 1)) * scale


def _scale(numbers: Sequence[int | float]) -> float:
    """A power of two, so that nothing is lost, by which squares and sums stay within what a float holds."""
    greatest = max(abs(number) for number in numbers)
    return 2.0 ** math.frexp(greatest)[1] if 0 < greatest < 1e-140 else 2.0**600 if greatest > 1e140 else 1.0
