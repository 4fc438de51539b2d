"""A mean and how sure it is: of one run's examples, or of the differences between two runs'."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import fsum, inf, isfinite, sqrt
from sys import float_info

from gitexp.statistics.distributions import student_above, student_quantile, student_two_sided

ROUNDING = 16 * float_info.epsilon
"""As a share of what is added or subtracted: no score is told so finely."""
FEWEST_CLUSTERS = 10
"""Below that many clusters the clustered interval is told, but not to be relied upon."""
FEWEST_ALIKE = 3
"""Below that many values their being equal may be chance, and does not say that nothing varies."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean of `n` values."""

    mean: float
    n: int
    se: float | None
    """The standard error; None where it cannot be known: fewer than two values, or all of them equal."""
    df: float
    """Degrees of freedom: n - 1, or the number of clusters less 1; a fraction of two samples."""
    clusters: int | None = None

    @property
    def usable(self) -> bool:
        """Whether an interval may be relied upon."""
        return self.se is not None and (self.clusters is None or self.clusters >= FEWEST_CLUSTERS)

    def interval(self, confidence: float = 0.95) -> tuple[float, float] | None:
        """The two-sided interval; None without a standard error."""
        if self.se is None:
            return None
        reach = student_quantile((1 + confidence) / 2, self.df) * self.se
        return self.mean - reach, self.mean + reach

    def below(self, confidence: float = 0.95) -> float | None:
        """What the true mean is above, one-sided."""
        return None if self.se is None else self.mean - student_quantile(confidence, self.df) * self.se

    def above(self, confidence: float = 0.95) -> float | None:
        """What the true mean is below, one-sided."""
        return None if self.se is None else self.mean + student_quantile(confidence, self.df) * self.se

    def p_value(self, mean: float = 0.0) -> float | None:
        """How likely so great a difference from `mean` is if there is none: two-sided t test."""
        return None if self.se is None else student_two_sided((self.mean - mean) / self.se, self.df)

    def p_greater(self, mean: float = 0.0) -> float | None:
        """The same against being greater than `mean`: one-sided."""
        return None if self.se is None else student_above((self.mean - mean) / self.se, self.df)


def estimate(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> Estimate | None:
    """The mean of `values`; None where there are none.

    Examples of one cluster (questions on one text, say) go up and down together: their sums vary, not they
    themselves. With C clusters of k values each: SE = sqrt(C / (C - 1) * sum over clusters of (sum of
    deviations)²) / n, df = C - 1. Both corrections matter below about 50 clusters.
    """
    if not values:
        return None
    mean, n = average(values), len(values)
    if clusters is None:
        return Estimate(mean, n, standard_error(values) or None, n - 1)
    count = len(set(clusters))
    return Estimate(mean, n, standard_error(values, clusters) or None, count - 1, count)


def welch(before: Sequence[float], after: Sequence[float]) -> Estimate:
    """The mean of `after` less that of `before`, for samples that are not paired, neither of them empty.

    With two values or more on both sides their variances may differ (Welch 1947); a single value is taken to
    vary as the other side does. `n` is the number of values of the smaller side.
    """
    gain, n = average(after) - average(before), min(len(before), len(after))
    if n > 1:
        parts = [variance(side) / len(side) for side in (before, after)]
        total = sum(parts)
        if not total or not isfinite(total):
            return Estimate(gain, n, sqrt(total) or None, n - 1)
        # Of shares of the whole: the square of a variance may be no number.
        weights = [
            (part / total) ** 2 / (len(side) - 1) for part, side in zip(parts, (before, after), strict=True)
        ]
        return Estimate(gain, n, sqrt(total), 1 / sum(weights))
    more = max(before, after, key=len)
    spread = variance(more) * (1 / len(before) + 1 / len(after))
    return Estimate(gain, n, sqrt(spread) or None, len(more) - 1)


def standard_error(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> float | None:
    """Of the mean: as `estimate` has it, and 0 where all values are equal; None of fewer than two.

    Infinite where the squares are too large for a number.
    """
    n = len(values)
    if clusters is None:
        return sqrt(variance(values) / n) if n > 1 else None
    mean = average(values)
    sums: dict[Hashable, list[float]] = {}
    for value, cluster in zip(values, clusters, strict=True):
        sums.setdefault(cluster, []).append(value - mean)
    count = len(sums)
    squares = _total([_square(_settled(one)) for one in sums.values()])
    return sqrt(count / (count - 1) * squares) / n if count > 1 else None


def average(values: Sequence[float]) -> float:
    """The mean, which is exact where all are equal, and finite as they are."""
    if min(values) == max(values):
        return float(values[0])
    try:
        return fsum(values) / len(values)
    except OverflowError:
        return fsum(value / len(values) for value in values)


def variance(values: Sequence[float]) -> float:
    """With n - 1; 0 for fewer than two, infinite where it is too large for a number."""
    if len(values) < 2:
        return 0.0
    mean = average(values)
    return _total([_square(value - mean) for value in values]) / (len(values) - 1)


def _settled(deviations: Sequence[float]) -> float:
    """What the deviations of a cluster add up to; nothing where that is what each of them was rounded by."""
    found = _total(deviations)
    return found if abs(found) > ROUNDING * max(map(abs, deviations)) * len(deviations) else 0.0


def _total(values: Sequence[float]) -> float:
    """Of what is squared, or was: which way it is too large does not matter."""
    try:
        return fsum(values)
    except OverflowError:
        return inf


def _square(value: float) -> float:
    return value * value  # `**` raises where this is infinite
