"""What a metric of a suite amounts to: the mean over examples, how sure it is, and passes in k epochs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from gitexp.model.evaluation import Example, Score, Suite, is_score
from gitexp.model.values import Scalar
from gitexp.statistics import epochs
from gitexp.statistics.estimate import average, standard_error


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over examples, each the mean over its epochs."""

    value: float
    se: float | None
    """Its standard error; None where there are too few examples, or clusters, to tell."""
    n: int
    """Examples that have a value; 0 where only the mean was reported."""
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


def told_mean(suite: Suite, metric: str) -> Mean | None:
    """The mean of `metric`; where no answer has a value, the one that the source of the suite reports."""
    return mean_of(suite, metric) or _reported(suite, metric)


def _reported(suite: Suite, metric: str) -> Mean | None:
    value, se, n = (suite.meta.reported.get(f"{metric}{part}") for part in ("", ".se", ".n"))
    if not is_score(value):
        return None
    assert isinstance(value, (int, float))
    known = float(se) if isinstance(se, (int, float)) and is_score(se) else None
    return Mean(value, known, n if type(n) is int else 0)


def summary_metrics(suite: Suite) -> dict[str, Scalar]:
    """What the suite adds to the metrics of its run: `qa/match`, `qa/match.se` and `qa/match.n`."""
    found: dict[str, Scalar] = {}
    for metric in suite.meta.metrics:
        one = told_mean(suite, metric.name)
        if one is not None:
            key = f"{suite.name}/{metric.name}"
            found |= {key: one.value, **({f"{key}.n": one.n} if one.n else {})}
            found |= {f"{key}.se": one.se} if one.se is not None else {}
    return found


def clusters_of(examples: Iterable[Example]) -> dict[str, str]:
    """The cluster of each example that is in one."""
    return {one.id: one.cluster for one in examples if one.cluster is not None}


def mean(values: Mapping[str, list[Score]], clusters: Mapping[str, str]) -> Mean | None:
    """The mean of the examples' means; an example without a cluster is one of its own."""
    if not values:
        return None
    means = [average(found) for found in values.values()]
    if not any(example in clusters for example in values):
        return Mean(average(means), standard_error(means), len(means))
    groups = [("c", clusters[one]) if one in clusters else ("e", one) for one in values]
    return Mean(average(means), standard_error(means, groups), len(means), len(set(groups)))


def pass_at(values: Mapping[str, list[Score]], k: int) -> float | None:
    """pass@k: the chance that one of k answers is right, the mean over examples with k answers or more."""
    return _over_examples(values, k, epochs.pass_at)


def pass_all(values: Mapping[str, list[Score]], k: int) -> float | None:
    """pass^k: the chance that all of k answers are right, the mean over examples with k answers or more."""
    return _over_examples(values, k, epochs.pass_all)


def left_out(values: Mapping[str, list[Score]], k: int) -> int:
    """How many examples have fewer than k answers, and so no part in pass@k and pass^k."""
    return sum(len(found) < k for found in values.values())


def _over_examples(
    values: Mapping[str, list[Score]], k: int, chance: Callable[[int, int, int], float]
) -> float | None:
    # Right is what has the whole score.
    counts = [(len(found), sum(score >= 1 for score in found)) for found in values.values()]
    chances = [chance(n, hits, k) for n, hits in counts if n >= k]
    return average(chances) if chances else None
