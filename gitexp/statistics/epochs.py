"""Examples that were answered more than once."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, fsum, isfinite, sqrt

from gitexp.statistics.estimate import variance

_SURE = 3
"""Standard errors."""


def pass_at(n: int, hits: int, k: int) -> float:
    """How likely at least one of `k` answers is right, from `hits` of `n`; k <= n.

    Chen et al. 2021, arXiv:2107.03374.
    """
    return 1 - comb(n - hits, k) / comb(n, k)


def pass_all(n: int, hits: int, k: int) -> float:
    """How likely all of `k` answers are right, from `hits` of `n`; k <= n.

    Yao et al. 2024, arXiv:2406.12045.
    """
    return comb(hits, k) / comb(n, k)


def noise_share(values: Sequence[float], answers: Sequence[Sequence[Sequence[float]]]) -> float | None:
    """How much of the variance of the mean of `values` more epochs would take away; the rest is examples'.

    `answers` holds what each value was made of: the answers to one example, of each side that is compared.
    0 to 1; None where nothing was repeated, or nothing varies (or too much for a number), or where it varies
    surely less than by the noise of both sides: they share it, as with equal seeds, and more epochs do less.
    """
    total = variance(values)
    if not total or not isfinite(total) or not any(len(side) > 1 for one in answers for side in one):
        return None
    noise = fsum(variance(side) / len(side) for one in answers for side in one) / len(values)
    # How far the variance of so many values is off, by normal theory.
    if noise * (1 - _SURE * sqrt(2 / (len(values) - 1))) > total:
        return None
    return min(1.0, noise / total)
