"""Examples that were answered more than once."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, fsum

from gitexp.statistics.estimate import average, variance


def pass_at(n: int, hits: int, k: int) -> float:
    """How likely at least one of `k` answers is right, from `hits` of `n` (Chen et al. 2021); k <= n."""
    return 1 - comb(n - hits, k) / comb(n, k)


def pass_all(n: int, hits: int, k: int) -> float:
    """How likely all of `k` answers are right, from `hits` of `n`; k <= n."""
    return comb(hits, k) / comb(n, k)


def noise_share(epochs: Sequence[Sequence[float]]) -> float | None:
    """How much of the variance of the mean more epochs would take away, 0 to 1; the rest is the examples'.

    `epochs` holds the values of each example. None where nothing was repeated, or nothing varies.
    """
    repeated = [one for one in epochs if len(one) > 1]
    total = variance([average(one) for one in epochs])
    if not repeated or not total:
        return None
    return min(1.0, fsum(variance(one) / len(one) for one in repeated) / len(epochs) / total)
