"""What answers cost, and by how much that has grown."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from math import inf
from typing import NamedTuple, TypeAlias

from gitexp.gate.evidence import Spent
from gitexp.model.evaluation import Suite
from gitexp.model.gate import Limit, Rules
from gitexp.ops.evaluations.comparing import clusters_of
from gitexp.ops.evaluations.costs import clusters_among, ratio_interval, ratio_of
from gitexp.ops.evaluations.matching import Pair
from gitexp.statistics.estimate import FEWEST_CLUSTERS, average
from gitexp.statistics.resampling import bootstrap_pairs, percentile

_WORK = 1_000_000
"""Numbers that are drawn at most for a percentile."""
_DRAWS = (200, 2000)

_Pairs: TypeAlias = Sequence[tuple[float, float]]
_Statistic: TypeAlias = Callable[[_Pairs], float]


class _Known(NamedTuple):
    """What an example cost."""

    amount: float
    """The mean over its epochs."""
    kinds: set[frozenset[str]]
    """The kinds of usage that its answers tell."""


def spent(old: Suite, new: Suite, pairs: Sequence[Pair], limit: Limit, rules: Rules) -> Spent:
    """The ratio of new to old over the common examples of which both tell the same kinds of usage.

    Its bounds are one-sided, and clustered where examples belong together. There is no ratio where too many
    examples are told of by one run alone: what is not counted costs nothing.
    """
    left, right = _by_example(old, limit), _by_example(new, limit)
    known = [(left.get(pair.old.id), right.get(pair.new.id)) for pair in pairs]
    either = sum(one is not None or other is not None for one, other in known)
    told = [
        (pair, (one.amount, other.amount))
        for pair, (one, other) in zip(pairs, known, strict=True)
        if one and other and one.kinds == other.kinds
    ]
    both = [amounts for _, amounts in told]
    if not both or len(both) < rules.min_overlap * either:
        return Spent(limit, old.name, None, None, len(both), either)
    ratio = _of_sums if limit.percentile is None else _of_percentiles(limit.percentile / 100)
    groups = clusters_among([pair for pair, _ in told], clusters_of(old, pairs, rules.cluster))
    interval = _least_sure(both, limit, ratio, 2 * rules.confidence - 1, groups)
    return Spent(limit, old.name, ratio(both), interval, len(both), either)


def _least_sure(
    both: _Pairs, limit: Limit, ratio: _Statistic, confidence: float, groups: Sequence[Hashable] | None
) -> tuple[float, float] | None:
    """The bounds; with clusters that are too few to go by the wider of those with and without them."""
    count = len(set(groups)) if groups is not None else len(both)
    if count < 2:
        return None
    found = _interval(both, limit, ratio, confidence, groups)
    if groups is None or count >= FEWEST_CLUSTERS or found is None:
        return found
    alone = _interval(both, limit, ratio, confidence, None) or found
    return min(found[0], alone[0]), max(found[1], alone[1])


def _interval(
    both: _Pairs, limit: Limit, ratio: _Statistic, confidence: float, groups: Sequence[Hashable] | None
) -> tuple[float, float] | None:
    if limit.percentile is None:
        found = ratio_interval([a for a, _ in both], [b for _, b in both], confidence, groups)
        if found is not None:
            return found
    # As well where some draws, or all, cost nothing before: it is then not known how much more it is.
    draws = min(_DRAWS[1], max(_DRAWS[0], _WORK // len(both)))
    return bootstrap_pairs(both, ratio, groups, confidence=confidence, draws=draws)


def _of_sums(pairs: _Pairs) -> float:
    return _ratio([a for a, _ in pairs], [b for _, b in pairs])


def _ratio(before: Sequence[float], after: Sequence[float]) -> float:
    """Of what cost nothing before, anything is infinitely more."""
    found = ratio_of(before, after)
    return found if found is not None else inf if average(after) > 0 else 1.0


def _of_percentiles(share: float) -> _Statistic:
    def ratio(pairs: _Pairs) -> float:
        before, after = (percentile([pair[at] for pair in pairs], share) for at in (0, 1))
        return _ratio([before], [after])

    return ratio


def _by_example(suite: Suite, limit: Limit) -> dict[str, _Known]:
    """What is known of each example's cost; those of which nothing is are left out."""
    found: dict[str, list[dict[str, float]]] = {}
    for one in suite.usage:
        known = {name: float(one.values[name]) for name in limit.counted if name in one.values}
        if known:
            found.setdefault(one.id, []).append(known)
    return {id: _known(answers) for id, answers in found.items()}


def _known(answers: Sequence[Mapping[str, float]]) -> _Known:
    return _Known(average([sum(one.values()) for one in answers]), {frozenset(one) for one in answers})
