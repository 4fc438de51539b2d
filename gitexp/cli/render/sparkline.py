"""A series in one line."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gitexp.model.values import Scalar, as_float

_LEVELS = "▁▂▃▄▅▆▇█"
_NOT_FINITE = "×"


def sparkline(values: Sequence[Scalar], width: int = 32) -> str:
    """At most `width` characters, each the mean of an equal share; `×` where a value was not finite."""
    numbers = [as_float(v) for v in values if isinstance(v, (int, float))]
    count = min(width, len(numbers))
    shares = [numbers[i * len(numbers) // count : (i + 1) * len(numbers) // count] for i in range(count)]
    means = [_mean(share) for share in shares]
    finite = [mean for mean in means if mean is not None]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return "".join(_NOT_FINITE if mean is None else _level(mean, low, high) for mean in means)


def _mean(numbers: Sequence[float]) -> float | None:
    """The mean; None where a number is not finite."""
    if not all(map(math.isfinite, numbers)):
        return None
    return sum(number / len(numbers) for number in numbers)


def _level(value: float, low: float, high: float) -> str:
    # Halved first: the span of two finite numbers can be infinite.
    span = high / 2 - low / 2
    if span <= 0:
        return _LEVELS[len(_LEVELS) // 2]
    share = (value / 2 - low / 2) / span
    return _LEVELS[min(len(_LEVELS) - 1, int(share * len(_LEVELS)))]
