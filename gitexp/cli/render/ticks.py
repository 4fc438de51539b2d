"""The numbers that stand at an axis."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from itertools import pairwise


def round_numbers(low: float, high: float, most: int) -> list[float]:
    """At most `most` numbers from `low` to `high`, equally far apart: multiples of 1, 2 or 5 times 10^n."""
    span = high - low
    if not 0 < span < math.inf:
        return [low]
    power = math.floor(math.log10(span / max(1, most)))
    for distance in (factor * 10.0 ** (power + shift) for shift in range(4) for factor in (1, 2, 5)):
        # What is not a number's worth away from a mark is on it.
        first, last = math.ceil(low / distance - 1e-9), math.floor(high / distance + 1e-9)
        if last - first < most:
            return [i * distance for i in range(first, last + 1)] or [low]
    return [low]


def powers_of_ten(low: float, high: float, most: int) -> list[float]:
    """At most `most` exponents from `low` to `high` of what is to stand at a logarithmic axis."""
    exponents = range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
    if len(exponents) < 2:
        marks = round_numbers(10.0**low, 10.0**high, most) if low > -300 and high < 300 else []
        return [math.log10(mark) for mark in marks if mark > 0] or [low]
    stride = math.ceil(len(exponents) / max(1, most))
    return [float(exponent) for exponent in exponents[::stride]]


def labels(numbers: Sequence[float]) -> list[str]:
    """The numbers as text, with as many digits as tell them apart."""
    for digits in (4, 6, 9, 12):
        texts = [f"{number + 0.0:.{digits}g}" for number in numbers]
        if len(set(texts)) == len(set(numbers)) and _even(numbers, texts):
            break
    return texts


def _even(numbers: Sequence[float], texts: Sequence[str]) -> bool:
    """Whether the texts are as far apart as the numbers."""
    if len(numbers) < 2:
        return True
    distance = abs(numbers[1] - numbers[0])
    return all(
        abs(float(text) - number) <= distance / 50 for text, number in zip(texts, numbers, strict=True)
    )


def duration_labels(numbers: Sequence[float]) -> list[str]:
    """Seconds in the one unit that suits the largest."""
    largest = max(map(abs, numbers), default=0.0)
    length, unit = next(
        (one for one in ((86400, "d"), (3600, "h"), (60, "m")) if largest >= 2 * one[0]), (1, "s")
    )
    return [f"{text}{unit}" for text in labels([number / length for number in numbers])]


def moment_labels(numbers: Sequence[float]) -> list[str]:
    """Seconds since 1970 as dates or times of day in UTC, whichever tells them apart."""
    one_day = len({number // 86400 for number in numbers}) == 1
    apart = min((b - a for a, b in pairwise(numbers)), default=0.0)
    for form in ("%H:%M", "%H:%M:%S") if one_day else ("%Y-%m-%d",) if apart >= 86400 else ("%m-%d %H:%M",):
        texts = [time.strftime(form, time.gmtime(number)) for number in numbers]
        if len(set(texts)) == len(texts):
            return texts
    return [
        f"{time.strftime('%H:%M:%S', time.gmtime(number))}.{int(number % 1 * 1000):03}" for number in numbers
    ]
