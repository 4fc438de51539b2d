"""New scores of a suite from Python: values, or a function that is asked for each answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from gitexp.errors import UsageError
from gitexp.formats.canonical_json import digest
from gitexp.interop.building import Row, SuiteBuilder
from gitexp.interop.imported import Request
from gitexp.interop.problems import Problems
from gitexp.model.evaluation import Source, Suite
from gitexp.model.record import Input, Pin
from gitexp.ops.evaluations.graders import grader_input, questions
from gitexp.ops.functions import function_value

Scores: TypeAlias = Mapping[Any, Any] | Callable[[Mapping[str, Any]], Any]
"""Values by id, or by id and epoch; or a function of an answer. A value is a mapping metric -> score, or the
score of the one metric that there is; None leaves the answer as it is."""


def grades_in_python(
    suite: Suite, scores: Scores, name: str | None, problems: Problems
) -> tuple[Suite, Input]:
    """As `grades`, of values or a function: what it is given for each answer is what a command would be."""
    builder = Request(suite.name, metrics=suite.meta.metrics).builder(suite.name, problems)
    for key, value in _each(suite, scores):
        id, epoch = key if isinstance(key, tuple) else (key, 1)
        builder.add(Row(f"scores of {id!r}", id, epoch, input=id, scores=_by_metric(suite, value)))
    told = function_value(scores) if callable(scores) else {"scores": f"sha256:{digest(_plain(builder))}"}
    pin = Pin.NAMED if callable(scores) and "ast" not in told else Pin.CONTENT
    return builder.build(Source("python")), grader_input(suite, name, told, pin)


def _each(suite: Suite, scores: Scores) -> Iterator[tuple[Any, Any]]:
    if not callable(scores):
        yield from scores.items()
        return
    for asked in questions(suite):
        found = scores(asked)
        if found is not None:
            yield (asked["id"], asked["epoch"]), found


def _by_metric(suite: Suite, value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    if len(suite.meta.metrics) != 1:
        raise UsageError(f"suite {suite.name!r} has several metrics", hint="give a mapping of their values")
    return {suite.meta.metrics[0].name: value}


def _plain(builder: SuiteBuilder) -> list[Any]:
    return [[one.id, one.epoch, dict(one.scores)] for one in builder.build(Source("python")).results]
