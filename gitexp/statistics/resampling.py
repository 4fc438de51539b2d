"""What chance alone would give, by drawing again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from math import fsum
from random import Random
from typing import TypeVar

T = TypeVar("T")

SEED = 0
"""Of all draws: the same table gives the same answer."""


def bootstrap_ratio(
    before: Sequence[float],
    after: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    *,
    confidence: float = 0.95,
    draws: int = 2000,
    seed: int = SEED,
) -> tuple[float, float] | None:
    """The percentile interval of sum(after) / sum(before), pairs (or whole clusters) drawn together.

    None where there are fewer than two to draw from, or a draw of `before` sums to nothing.
    """
    units = _units(before, after, clusters)
    if len(units) < 2:
        return None
    return bootstrap(units, _ratio_of_sums, confidence=confidence, draws=draws, seed=seed)


def bootstrap(
    units: Sequence[T],
    statistic: Callable[[Sequence[T]], float | None],
    *,
    confidence: float = 0.95,
    draws: int = 2000,
    seed: int = SEED,
) -> tuple[float, float] | None:
    """The percentile interval of a statistic of `units`; None where it is None of a draw."""
    random = Random(seed)
    found: list[float] = []
    for _ in range(draws):
        value = statistic(random.choices(units, k=len(units)))
        if value is None:
            return None
        found.append(value)
    return percentile(found, (1 - confidence) / 2), percentile(found, (1 + confidence) / 2)


def bootstrap_pairs(
    pairs: Sequence[T],
    statistic: Callable[[Sequence[T]], float | None],
    clusters: Sequence[Hashable] | None = None,
    *,
    confidence: float = 0.95,
    draws: int = 2000,
) -> tuple[float, float] | None:
    """As `bootstrap`, with whole clusters drawn where there are some."""
    if clusters is None:
        return bootstrap(pairs, statistic, confidence=confidence, draws=draws)

    def of_drawn(groups: Sequence[list[T]]) -> float | None:
        return statistic([one for group in groups for one in group])

    return bootstrap(grouped(pairs, clusters), of_drawn, confidence=confidence, draws=draws)


def grouped(values: Sequence[T], clusters: Sequence[Hashable]) -> list[list[T]]:
    """The values of each cluster, in the order in which the clusters come."""
    groups: dict[Hashable, list[T]] = {}
    for value, cluster in zip(values, clusters, strict=True):
        groups.setdefault(cluster, []).append(value)
    return list(groups.values())


def _ratio_of_sums(pairs: Sequence[tuple[float, float]]) -> float | None:
    below = fsum(one[0] for one in pairs)
    return fsum(one[1] for one in pairs) / below if below else None


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of `values` is below, between the two next to it as they lie.

    Values may be infinite, and the one between is then as well.
    """
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    if ordered[low] == ordered[high] or place == low:
        return ordered[low]
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _units(
    before: Sequence[float], after: Sequence[float], clusters: Sequence[Hashable] | None
) -> list[tuple[float, float]]:
    pairs = list(zip(before, after, strict=True))
    if clusters is None:
        return pairs
    return [
        (fsum(one[0] for one in group), fsum(one[1] for one in group)) for group in grouped(pairs, clusters)
    ]
