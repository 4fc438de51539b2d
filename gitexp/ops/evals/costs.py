"""What the answers of two suites cost, next to each other: tokens, dollars, seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, fsum, log, sqrt
from statistics import median

from gitexp.model.evaluation import USAGE, Score, Suite
from gitexp.ops.evals.matching import Pair
from gitexp.statistics.distributions import NORMAL
from gitexp.statistics.estimate import average, variance
from gitexp.statistics.resampling import bootstrap_ratio

TIME = "sec"
_FEW = 300
"""Examples below which the interval is drawn; above, the normal approximation is as good, and quick."""


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
    total = fsum(before)
    ratio = fsum(after) / total if total else None
    return Cost(name, float(old_value), float(new_value), ratio, _interval(before, after, ratio), len(both))


def _by_example(suite: Suite, name: str) -> dict[str, list[Score]]:
    found: dict[str, list[Score]] = {}
    for one in suite.usage:
        if name in one.values:
            found.setdefault(one.id, []).append(one.values[name])
    return found


def _interval(
    before: Sequence[float], after: Sequence[float], ratio: float | None
) -> tuple[float, float] | None:
    if not ratio or len(before) < 2:
        return None
    if len(before) < _FEW:
        return bootstrap_ratio(before, after)
    # The delta method on the logarithm of the ratio.
    old, new = average(before), average(after)
    spread = variance([b / new - a / old for a, b in zip(before, after, strict=True)])
    reach = NORMAL.inv_cdf(0.975) * sqrt(spread / len(before))
    return exp(log(ratio) - reach), exp(log(ratio) + reach)
