"""Tests on which of two was better, whatever by how much: McNemar, the sign test, Wilcoxon."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import sqrt
from typing import NamedTuple

from gitexp.statistics.distributions import NORMAL, incomplete_beta

_MOST_EXACT = 10_000


def sign_test(wins: int, losses: int) -> float:
    """The exact two-sided p: on binary scores it is McNemar's exact test. 1 where nothing differs."""
    return min(1.0, 2 * _at_most(min(wins, losses), wins + losses))


def mid_p(wins: int, losses: int) -> float:
    """The sign test with half the weight of what was seen: its false alarms are near the nominal rate."""
    if wins == losses:
        return 1.0
    fewer = min(wins, losses)
    return _at_most(fewer, wins + losses) + _at_most(fewer - 1, wins + losses)


def _at_most(k: int, n: int) -> float:
    """How likely at most `k` of `n` tosses show heads; exact by whole numbers, as long as they are quick."""
    if k < 0:
        return 0.0
    if n > _MOST_EXACT:
        return incomplete_beta(n - k, k + 1, 0.5, 0.5)
    ways = term = 1
    for one in range(k):
        term = term * (n - one) // (one + 1)
        ways += term
    return ways / (1 << n)


class Ranked(NamedTuple):
    """Wilcoxon's signed ranks."""

    above: float
    """The sum of the ranks of positive differences."""
    z: float
    p: float
    """Two-sided, by the normal approximation."""


def signed_ranks(differences: Sequence[float]) -> Ranked | None:
    """Wilcoxon's test, zeros dropped and ties given their mean rank; None where all are zero."""
    sizes = sorted((abs(one), one > 0) for one in differences if one)
    m = len(sizes)
    if not m:
        return None
    above, ties, done = 0.0, 0.0, 0
    for _, group in groupby(sizes, key=lambda one: one[0]):
        positive = [one[1] for one in group]
        t = len(positive)
        above += sum(positive) * (done + (t + 1) / 2)
        ties += t**3 - t
        done += t
    deviation = sqrt(m * (m + 1) * (2 * m + 1) / 24 - ties / 48)
    z = (above - m * (m + 1) / 4) / deviation
    return Ranked(above, z, 2 * NORMAL.cdf(-abs(z)))
