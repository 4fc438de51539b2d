"""How much of being the best of many is luck."""

from __future__ import annotations

from functools import lru_cache
from math import exp, log, sqrt

from gitexp.statistics.distributions import NORMAL

_REACH, _STEPS = 40.0, 4000
"""Up to where a largest value is looked for, in standard deviations, and in how many steps."""


@lru_cache(maxsize=64)
def expected_largest(n: int) -> float:
    """The mean of the largest of `n` independent standard normal values; 0 for one.

    The integral of x n φ(x) Φ(x)^(n-1) (H. A. David, Order Statistics, 1970), by Simpson's rule.
    """
    if n < 2:
        return 0.0
    low, high = -_REACH / 4, min(_REACH, 10 + sqrt(2 * log(n)))
    width = (high - low) / _STEPS
    total = 0.0
    for step in range(_STEPS + 1):
        x = low + step * width
        weight = 1 if step in (0, _STEPS) else 4 if step % 2 else 2
        below = NORMAL.cdf(x)
        if below > 0:
            total += weight * x * n * NORMAL.pdf(x) * exp((n - 1) * log(below))
    return total * width / 3
