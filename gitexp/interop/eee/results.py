"""The scores that a document of Every Eval Ever reports, and which suite and metric each is of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import KeysView, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from gitexp.errors import GitExpError
from gitexp.formats.eval_files import metric_from
from gitexp.interop.eee.names import Names
from gitexp.interop.eee.words import METRIC, parsed
from gitexp.interop.problems import Problems
from gitexp.interop.source import listed, mapping, text
from gitexp.model.evaluation import Direction, Kind, Metric, Score, Suite, check_label, is_score
from gitexp.model.metric import MAX_ID, guessed
from gitexp.model.values import Scalar

UNNAMED, SCORE = "evaluation", "score"
"""What an evaluation and a metric are called that have no name."""
_NAMES = ("metric_name", "metric_id", "metric_kind")
_KINDS = {"binary": Kind.BINARY, "levels": Kind.ORDINAL}


@dataclass(frozen=True, slots=True)
class Reported:
    """One of the results."""

    where: str
    evaluation: str
    """Its name, which that of its suite is made of."""
    metric: str
    value: Mapping[str, Any]

    @property
    def id(self) -> str | None:
        return text(self.value.get("evaluation_result_id"))

    @property
    def config(self) -> dict[str, Any]:
        return mapping(self.value.get("metric_config"))

    @property
    def score(self) -> object:
        return mapping(self.value.get("score_details")).get("score")

    @property
    def direction(self) -> Direction | None:
        lower = self.config.get("lower_is_better")
        return (Direction.MIN if lower else Direction.MAX) if isinstance(lower, bool) else None

    @property
    def own(self) -> Metric | None:
        """The metric as gitexp wrote it."""
        return _own(self.metric, parsed(mapping(self.config.get("additional_details")), METRIC))

    @property
    def bounds(self) -> tuple[Score, Score] | None:
        """The least and the greatest score that is told."""
        least, most = self.config.get("min_score"), self.config.get("max_score")
        if not is_score(least) or not is_score(most) or least > most:  # type: ignore[operator]
            return None
        return least, most  # type: ignore[return-value]

    @property
    def limits(self) -> Metric:
        """What is told of the metric, before any score of it is looked at."""
        return self.own or Metric(self.metric, self.kind, range=self.bounds)

    @property
    def kind(self) -> Kind:
        return _KINDS.get(str(self.config.get("score_type")), Kind.CONTINUOUS)

    @property
    def numbers(self) -> dict[str, Scalar]:
        """The score with its standard error and the number of samples, by the names of metrics of a run."""
        sure = mapping(mapping(self.value.get("score_details")).get("uncertainty"))
        error = sure.get("standard_error")
        found = {
            self.metric: self.score,
            # It was a number before version 0.2.
            f"{self.metric}.se": mapping(error).get("value", error),
            f"{self.metric}.n": sure.get("num_samples"),
        }
        return {name: value for name, value in found.items() if is_score(value)}  # type: ignore[misc]


def reported(log: Mapping[str, Any], shown: str, problems: Problems) -> list[Reported]:
    """The results in their order; two of one evaluation have different metrics."""
    found: list[Reported] = []
    names: defaultdict[str, Names] = defaultdict(lambda: Names("#", MAX_ID))
    for number, value in enumerate(listed(log.get("evaluation_results"))):
        where = f"{shown}, result {number}"
        if not isinstance(value, dict):
            problems.error(where, "not a result of Every Eval Ever")
            continue
        evaluation = text(value.get("evaluation_name")) or UNNAMED
        metric = names[evaluation].free(_name(mapping(value.get("metric_config"))))
        one = Reported(where, evaluation, metric, value)
        if not is_score(one.score):
            problems.warn(where, "its score is no number: left out", "a score is no number")
        found.append(one)
    return found


class Results:
    """The results of a document, to be found by what a sample says of them."""

    def __init__(self, results: Sequence[Reported]) -> None:
        self._named: dict[str, list[Reported]] = {}
        self._ids: dict[tuple[str | None, str], Reported] = {}
        for one in results:
            self._named.setdefault(one.evaluation, []).append(one)
            if one.id is not None:
                self._ids.setdefault((one.evaluation, one.id), one)
                self._ids.setdefault((None, one.id), one)

    @property
    def evaluations(self) -> KeysView[str]:
        return self._named.keys()

    def of(self, evaluation: str) -> Sequence[Reported]:
        return self._named.get(evaluation, ())

    def measured(self, sample: Mapping[str, Any]) -> tuple[str, str]:
        """The evaluation and the metric that the score of a sample is of."""
        name = text(sample.get("evaluation_name"))
        named = self.of(name or "")
        one = self._ids.get((name if named else None, text(sample.get("evaluation_result_id")) or ""))
        if one is not None:
            return one.evaluation, one.metric
        # Of several it cannot be told whose it is.
        return name or UNNAMED, named[0].metric if len(named) == 1 else SCORE


def with_told(suite: Suite, results: Sequence[Reported]) -> Suite:
    """The suite with what the results say of its metrics, and with those that no sample has a score for."""
    metrics = {one.name: one for one in suite.meta.metrics}
    for one in results:
        known = metrics.get(one.metric)
        if known is not None or one.numbers:
            values = {score for _, score in suite.values(one.metric)}
            metrics[one.metric] = _metric(one, known or Metric(one.metric), values)
    return replace(suite, meta=replace(suite.meta, metrics=tuple(metrics[name] for name in sorted(metrics))))


def _name(config: Mapping[str, Any]) -> str:
    found = next((told for key in _NAMES if (told := text(config.get(key)))), SCORE)
    for name in (found, " ".join(found.split())):
        with suppress(GitExpError):
            return check_label("metric", name)
    return SCORE


def _metric(one: Reported, known: Metric, values: set[Score]) -> Metric:
    """What is said of the metric, as far as it holds for the values that there are."""
    own, bounds = one.own, one.bounds
    if own is not None and all(map(own.allows, values)):
        return own
    if values:
        fits = all(map(one.limits.allows, values))
        return replace(known, range=known.range or (bounds if fits else None))
    if one.direction is not None:
        return replace(known, kind=one.kind, direction=one.direction, range=bounds)
    direction, guess = guessed(None, one.kind)
    return replace(known, kind=one.kind, direction=direction, range=bounds, guess=guess)


def _own(name: str, told: Any) -> Metric | None:
    try:
        return metric_from(name, told) if isinstance(told, dict) else None
    except (GitExpError, ValueError, TypeError):
        return None
