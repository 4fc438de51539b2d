"""What is asked of a suite: its means, by tag too, and the rows that failed or went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gitexp.errors import NotFound
from gitexp.model.eval_summary import Mean, by_example, left_out, mean_of, pass_all, pass_at, told_mean
from gitexp.model.evaluation import Direction, Kind, Metric, Output, Result, State, Suite

_MOST_K = 64


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric of a suite, or of a slice of it."""

    metric: Metric
    mean: Mean | None
    pass_at: Mapping[int, float]
    """k -> pass@k; empty where there is one epoch only, or the metric is not right or wrong."""
    pass_all: Mapping[int, float]
    """k -> pass^k."""
    left_out: Mapping[int, int]
    """k -> how many examples have fewer than k answers, and so no part in either."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The examples that have one value of a tag."""

    value: str
    examples: int
    measured: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """A suite as far as it was asked for."""

    suite: Suite
    measured: tuple[Measured, ...]
    slices: tuple[Slice, ...]
    rows: tuple[Result, ...]
    """Those that were asked for, in the order of ids and epochs."""
    outputs: Mapping[tuple[str, int], Output]
    no_whole: tuple[str, ...] = ()
    """The metrics of which failed answers were asked for, and nobody knows what the whole score is."""


@dataclass(frozen=True, slots=True)
class Question:
    metric: str | None = None
    by: str | None = None
    """A tag to slice by."""
    failed: bool = False
    errors: bool = False


def look_at(suite: Suite, question: Question) -> Looked:
    """Raises NotFound for a metric or tag that the suite does not have."""
    metrics = suite.meta.metrics
    if question.metric is not None:
        metrics = tuple(one for one in metrics if one.name == question.metric)
        if not metrics:
            known = ", ".join(one.name for one in suite.meta.metrics[:10])
            raise NotFound(f"suite {suite.name!r} has no metric {question.metric!r}", hint=f"it has {known}")
    rows = tuple(_rows(suite, metrics, question))
    slices = tuple(_slices(suite, metrics, question.by)) if question.by is not None else ()
    measured = tuple(_measured(suite, one, told_mean(suite, one.name)) for one in metrics)
    no_whole = tuple(one.name for one in metrics if one.whole is None) if question.failed else ()
    return Looked(suite, measured, slices, rows, {one.key: one for one in suite.outputs}, no_whole)


def _measured(suite: Suite, metric: Metric, mean: Mean | None) -> Measured:
    values = by_example(suite, metric.name)
    most = max(map(len, values.values()), default=0)
    if most < 2 or metric.kind is not Kind.BINARY or metric.direction is Direction.MIN:
        return Measured(metric, mean, {}, {}, {})
    ks = range(1, min(most, _MOST_K) + 1)
    at = {k: found for k in ks if (found := pass_at(values, k)) is not None}
    every = {k: found for k in ks if (found := pass_all(values, k)) is not None}
    fewer = {k: left_out(values, k) for k in ks}
    return Measured(metric, mean, at, every, fewer)


def _slices(suite: Suite, metrics: Sequence[Metric], by: str) -> Iterator[Slice]:
    values: dict[str, set[str]] = {}
    for one in suite.examples:
        found = suite.tag(one, by)
        if found is not None:
            values.setdefault(str(found), set()).add(one.id)
    if not values:
        known = sorted({tag for one in suite.examples for tag in one.tags})
        raise NotFound(
            f"suite {suite.name!r} has no tag {by!r}",
            hint=f"it has {', '.join(known[:10])}" if known else "its examples have no tags",
        )
    for value in sorted(values):
        ids = values[value]
        part = replace(
            suite,
            examples=tuple(one for one in suite.examples if one.id in ids),
            results=tuple(one for one in suite.results if one.id in ids),
        )
        yield Slice(value, len(ids), tuple(_measured(part, one, mean_of(part, one.name)) for one in metrics))


def _rows(suite: Suite, metrics: Sequence[Metric], question: Question) -> Iterator[Result]:
    for one in suite.results:
        wrong = question.errors and one.state is not State.OK
        if wrong or (question.failed and any(_failed(one, metric) for metric in metrics)):
            yield one


def _failed(row: Result, metric: Metric) -> bool:
    score = row.scores.get(metric.name)
    return score is not None and metric.is_short(score)
