"""What a metric of a suite amounts to: the mean over examples, how sure it is, and passes in k epochs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import comb, fsum, inf, sqrt

from gitexp.model.evaluation import Example, Score, Suite
from gitexp.model.values import Scalar


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over examples, each the mean over its epochs."""

    value: float
    se: float | None
    """Its standard error; None where there are too few examples, or clusters, to tell."""
    n: int
    """Examples that have a value."""
    clusters: int | None = None
    """How many clusters the error allows for; None where it takes the examples as independent."""


def by_example(suite: Suite, metric: str) -> dict[str, list[Score]]:
    """The values of each example that has any, in the order of its epochs."""
    found: dict[str, list[Score]] = {}
    for (example, _), score in suite.values(metric):
        found.setdefault(example, []).append(score)
    return found


def mean_of(suite: Suite, metric: str) -> Mean | None:
    """The mean of `metric`; None where nothing has a value."""
    return mean(by_example(suite, metric), clusters_of(suite.examples))


def summary_metrics(suite: Suite) -> dict[str, Scalar]:
    """What the suite adds to the metrics of its run: `qa/match`, `qa/match.se` and `qa/match.n`."""
    found: dict[str, Scalar] = {}
    for metric in suite.meta.metrics:
        one = mean_of(suite, metric.name)
        if one is not None:
            key = f"{suite.name}/{metric.name}"
            found |= {key: one.value, f"{key}.n": one.n}
            found |= {f"{key}.se": one.se} if one.se is not None else {}
    return found


def clusters_of(examples: Iterable[Example]) -> dict[str, str]:
    """The cluster of each example that is in one."""
    return {one.id: one.cluster for one in examples if one.cluster is not None}


def mean(values: Mapping[str, list[Score]], clusters: Mapping[str, str]) -> Mean | None:
    """The mean of the examples' means; an example without a cluster is one of its own."""
    means = {example: _average(found) for example, found in values.items()}
    if not means:
        return None
    middle = _average(means.values())
    deviations = {example: value - middle for example, value in means.items()}
    if not any(example in clusters for example in means):
        return Mean(middle, _error(deviations.values()), len(means))
    sums: dict[tuple[str, str], list[float]] = {}
    for example, deviation in deviations.items():
        key = ("c", clusters[example]) if example in clusters else ("e", example)
        sums.setdefault(key, []).append(deviation)
    return Mean(middle, _clustered_error(sums.values(), len(means)), len(means), len(sums))


def pass_at(values: Mapping[str, list[Score]], k: int) -> float | None:
    """pass@k: the chance that one of k answers is right, from n answers of which c are:
    1 - C(n-c, k)/C(n, k), the mean over examples with n >= k (Chen et al. 2021, arXiv:2107.03374)."""
    chances = [1 - comb(n - c, k) / comb(n, k) for n, c in _counts(values) if n >= k]
    return _average(chances) if chances else None


def pass_all(values: Mapping[str, list[Score]], k: int) -> float | None:
    """pass^k: the chance that all of k answers are right: C(c, k)/C(n, k) (Yao et al., arXiv:2406.12045)."""
    chances = [comb(c, k) / comb(n, k) for n, c in _counts(values) if n >= k]
    return _average(chances) if chances else None


def _counts(values: Mapping[str, list[Score]]) -> list[tuple[int, int]]:
    """Answers and right ones of each example; right is what has the whole score."""
    return [(len(found), sum(score >= 1 for score in found)) for found in values.values()]


def _average(values: Iterable[Score]) -> float:
    found = list(values)
    try:
        return fsum(found) / len(found)
    except OverflowError:
        return inf


def _error(deviations: Iterable[float]) -> float | None:
    squares = [_square(one) for one in deviations]
    n = len(squares)
    return sqrt(_average(squares) / (n - 1)) if n > 1 else None


def _clustered_error(clusters: Iterable[list[float]], n: int) -> float | None:
    """sqrt(C/(C-1) * sum over clusters of (sum of deviations)^2) / n: statsmodels' `cov_type="cluster"`."""
    squares = [_square(fsum(one)) for one in clusters]
    c = len(squares)
    return sqrt(c * c / (c - 1) * _average(squares)) / n if c > 1 else None


def _square(value: float) -> float:
    return value * value  # `**` raises where this is infinite
