"""Which way the metrics of a suite are better: as the run said it, else as the project's goals do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from gitexp.model.evaluation import Direction, Guess, Meta, Metric

_DOUBTS: Final = (None, *Guess)


def with_goals(meta: Meta, goals: Mapping[str, str]) -> Meta:
    """What is known of a suite, with what `goals` say of metrics of which the run did not say it itself."""
    return replace(meta, metrics=tuple(_with_goal(meta.suite, one, goals) for one in meta.metrics))


def _with_goal(suite: str, metric: Metric, goals: Mapping[str, str]) -> Metric:
    goal = goals.get(f"{suite}/{metric.name}", goals.get(metric.name))
    if metric.guess is None or goal is None:
        return metric
    return replace(metric, direction=Direction(goal), guess=None)


def doubt(metric: Metric) -> int:
    """How doubtful it is which way it is better: 0 where somebody said it, most where nothing tells."""
    return _DOUBTS.index(metric.guess)
