"""What answers cost, and by how much that has grown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import TypeAlias

from gitexp.gate.evidence import Spent
from gitexp.model.evaluation import Suite
from gitexp.model.gate import Limit
from gitexp.ops.evaluations.costs import ratio_interval, ratio_of
from gitexp.ops.evaluations.matching import Pair
from gitexp.statistics.estimate import average
from gitexp.statistics.resampling import bootstrap, percentile

_WORK = 1_000_000
"""Numbers that are drawn at most for a percentile."""
_DRAWS = (200, 2000)

_Pairs: TypeAlias = Sequence[tuple[float, float]]


def spent(old: Suite, new: Suite, pairs: Sequence[Pair], limit: Limit, confidence: float) -> Spent:
    """The ratio of new to old over the common examples whose cost both know, with one-sided bounds."""
    left, right = _by_example(old, limit), _by_example(new, limit)
    both = [
        (left[pair.old.id], right[pair.new.id])
        for pair in pairs
        if pair.old.id in left and pair.new.id in right
    ]
    if not both:
        return Spent(limit, old.name, None, None)
    two_sided = 2 * confidence - 1
    if limit.percentile is None:
        before, after = [a for a, _ in both], [b for _, b in both]
        return Spent(limit, old.name, _ratio(before, after), ratio_interval(before, after, two_sided))
    ratio = _of_percentiles(limit.percentile / 100)
    draws = min(_DRAWS[1], max(_DRAWS[0], _WORK // len(both)))
    interval = bootstrap(both, ratio, confidence=two_sided, draws=draws) if len(both) > 1 else None
    return Spent(limit, old.name, ratio(both), interval)


def _ratio(before: Sequence[float], after: Sequence[float]) -> float:
    """Of what cost nothing before, anything is infinitely more."""
    found = ratio_of(before, after)
    return found if found is not None else inf if average(after) > 0 else 1.0


def _of_percentiles(share: float) -> Callable[[_Pairs], float]:
    def ratio(pairs: _Pairs) -> float:
        before, after = (percentile([pair[at] for pair in pairs], share) for at in (0, 1))
        return _ratio([before], [after])

    return ratio


def _by_example(suite: Suite, limit: Limit) -> dict[str, float]:
    """What each example cost, the mean over its epochs; those of which nothing is known are left out."""
    found: dict[str, list[float]] = {}
    for one in suite.usage:
        known = [float(one.values[name]) for name in limit.counted if name in one.values]
        if known:
            found.setdefault(one.id, []).append(sum(known))
    return {id: average(values) for id, values in found.items()}
