"""What the answers of two suites cost, next to each other: tokens, dollars, seconds."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, isfinite, log
from random import Random
from statistics import median

from gitexp.model.evaluation import USAGE, Score, Suite
from gitexp.ops.evaluations.matching import Pair
from gitexp.statistics.distributions import student_quantile
from gitexp.statistics.estimate import FEWEST_CLUSTERS, Estimate, average, estimate
from gitexp.statistics.resampling import SEED, bootstrap_pairs, bootstrap_ratio, grouped

TIME = "sec"
_FEW = 300
"""Examples below which the interval is drawn; above, the approximation is as good, and quick."""
_SECTIONS = 30
"""Parts of many pairs."""
_WIDEST = 700
"""Of a logarithm: e to more than that is no number."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One kind of cost, over the common examples of which both sides know it."""

    name: str
    old: float
    """The mean of the examples, each with the mean of its answers; of seconds the median."""
    new: float
    ratio: float | None
    """Of the two; None where the old one is 0."""
    interval: tuple[float, float] | None
    """Of the ratio, at 95 %."""
    n: int


def costs(
    old: Suite, new: Suite, pairs: Sequence[Pair], clusters: Mapping[str, Hashable] | None = None
) -> list[Cost]:
    """Each cost that both suites know, in the order of USAGE.

    `clusters` are those of `clusters_of`; fewer than scores go by are none here either.
    """
    found = (_cost(old, new, pairs, name, clusters) for name in USAGE)
    return [one for one in found if one is not None]


def _cost(
    old: Suite, new: Suite, pairs: Sequence[Pair], name: str, clusters: Mapping[str, Hashable] | None
) -> Cost | None:
    left, right = _by_example(old, name), _by_example(new, name)
    known = [pair for pair in pairs if pair.old.id in left and pair.new.id in right]
    if not known:
        return None
    before = [average(left[pair.old.id]) for pair in known]
    after = [average(right[pair.new.id]) for pair in known]
    groups = clusters_among(known, clusters)
    if groups is not None and len(set(groups)) < FEWEST_CLUSTERS:
        groups = None
    middle, interval = (_median, _of_medians) if name == TIME else (average, ratio_interval)
    values = middle(before), middle(after)
    ratio = ratio_of(*([one] for one in values))
    return Cost(name, *values, ratio, interval(before, after, clusters=groups), len(known))


def clusters_among(pairs: Sequence[Pair], clusters: Mapping[str, Hashable] | None) -> list[Hashable] | None:
    """The cluster of each pair; None where examples stand for themselves."""
    return None if clusters is None else [clusters[pair.old.id] for pair in pairs]


def _median(values: Sequence[float]) -> float:
    return float(median(values))


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
    before: Sequence[float],
    after: Sequence[float],
    confidence: float = 0.95,
    clusters: Sequence[Hashable] | None = None,
) -> tuple[float, float] | None:
    """Of the ratio of the sums over pairs, or over clusters of them; None where there is none."""
    ratio = ratio_of(before, after)
    if ratio is None or ratio <= 0 or len(before) < 2:
        return None
    # Shares of the mean: their sums are numbers, however much was counted.
    old, new = average(before), average(after)
    left, right = [value / old for value in before], [value / new for value in after]
    if not all(map(isfinite, (*left, *right))):
        return None
    if clusters is None and len(before) < _FEW:
        found = bootstrap_ratio(left, right, confidence=confidence)
        return (ratio * found[0], ratio * found[1]) if found else None
    # The delta method on the logarithm of the ratio.
    changes = estimate([b - a for a, b in zip(left, right, strict=True)], clusters)
    if changes is None or changes.clusters == 1:
        return None
    return _around(ratio, changes, confidence)


def _around(ratio: float, changes: Estimate, confidence: float = 0.95) -> tuple[float, float]:
    """The ratio, off by as much as the mean of its logarithm may be."""
    if changes.se is None:
        return ratio, ratio
    reach = min(student_quantile((1 + confidence) / 2, changes.df) * changes.se, _WIDEST)
    return ratio * exp(-reach), ratio * exp(reach)


def _of_medians(
    before: Sequence[float], after: Sequence[float], clusters: Sequence[Hashable] | None = None
) -> tuple[float, float] | None:
    """Of the ratio of the medians over pairs, or clusters of them, at 95 %; None where there is none.

    Of many pairs by how much it varies between parts of them, drawn at random: sectioning (Asmussen and
    Glynn, Stochastic Simulation, III.5a). To draw the whole again and again would take seconds.
    """
    pairs = list(zip(before, after, strict=True))
    whole = _ratio_of_medians(pairs)
    if whole is None or whole <= 0 or len(pairs) < 2:
        return None
    if len(pairs) < _FEW:
        return bootstrap_pairs(pairs, _ratio_of_medians, clusters)
    groups = [[pair] for pair in pairs] if clusters is None else grouped(pairs, clusters)
    mixed, parts = Random(SEED).sample(groups, len(groups)), min(_SECTIONS, len(groups))
    sections = [[pair for group in mixed[at::parts] for pair in group] for at in range(parts)]
    ratios = [_ratio_of_medians(section) or 0.0 for section in sections]
    found = estimate(list(map(log, ratios))) if min(ratios) > 0 else None
    return _around(whole, found) if found is not None else None


def _ratio_of_medians(pairs: Sequence[tuple[float, float]]) -> float | None:
    return ratio_of([_median([one for one, _ in pairs])], [_median([other for _, other in pairs])])
