"""What the answers of two suites cost, next to each other: tokens, dollars, seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isfinite, sqrt
from statistics import median

from gitexp.model.evaluation import USAGE, Score, Suite
from gitexp.ops.evaluations.matching import Pair
from gitexp.statistics.distributions import NORMAL
from gitexp.statistics.estimate import average, variance
from gitexp.statistics.resampling import bootstrap_ratio

TIME = "sec"
_FEW = 300
"""Examples below which the interval is drawn; above, the normal approximation is as good, and quick."""
_WIDEST = 700
"""Of a logarithm: e to more than that is no number."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One kind of cost, over the common examples of which both sides know it."""

    name: str
    old: float
    """A mean per answer; of seconds the median."""
    new: float
    ratio: float | None
    """Of the sums; None where the old one is 0."""
    interval: tuple[float, float] | None
    """Of the ratio, at 95 %."""
    n: int


def costs(old: Suite, new: Suite, pairs: Sequence[Pair]) -> list[Cost]:
    """Each cost that both suites know, in the order of USAGE."""
    found = (_cost(old, new, pairs, name) for name in USAGE)
    return [one for one in found if one is not None]


def _cost(old: Suite, new: Suite, pairs: Sequence[Pair], name: str) -> Cost | None:
    left, right = _by_example(old, name), _by_example(new, name)
    both = [
        (left[pair.old.id], right[pair.new.id])
        for pair in pairs
        if pair.old.id in left and pair.new.id in right
    ]
    if not both:
        return None
    before, after = [average(one) for one, _ in both], [average(other) for _, other in both]
    middle = median if name == TIME else average
    old_value, new_value = (middle([value for side in both for value in side[at]]) for at in (0, 1))
    ratio = ratio_of(before, after)
    return Cost(name, float(old_value), float(new_value), ratio, ratio_interval(before, after), len(both))


def ratio_of(before: Sequence[float], after: Sequence[float]) -> float | None:
    """Of the sums; None where it is no number."""
    old, new = average(before), average(after)
    found = new / old if old else None
    return found if found is not None and isfinite(found) else None


def _by_example(suite: Suite, name: str) -> dict[str, list[Score]]:
    found: dict[str, list[Score]] = {}
    for one in suite.usage:
        if name in one.values:
            found.setdefault(one.id, []).append(one.values[name])
    return found


def ratio_interval(
    before: Sequence[float], after: Sequence[float], confidence: float = 0.95
) -> tuple[float, float] | None:
    """Of the ratio of the sums over pairs; None where there is none."""
    ratio = ratio_of(before, after)
    if ratio is None or ratio <= 0 or len(before) < 2:
        return None
    # Shares of the mean: their sums are numbers, however much was counted.
    old, new = average(before), average(after)
    left, right = [value / old for value in before], [value / new for value in after]
    if not all(map(isfinite, (*left, *right))):
        return None
    if len(before) < _FEW:
        found = bootstrap_ratio(left, right, confidence=confidence)
        return (ratio * found[0], ratio * found[1]) if found else None
    # The delta method on the logarithm of the ratio.
    spread = variance([b - a for a, b in zip(left, right, strict=True)])
    reach = min(NORMAL.inv_cdf((1 + confidence) / 2) * sqrt(spread / len(before)), _WIDEST)
    return ratio * exp(-reach), ratio * exp(reach)
