"""The answers of evaluations as spans: what each was worth are events, as OpenTelemetry has them.

https://github.com/open-telemetry/semantic-conventions-genai, `gen_ai.evaluation.result`
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import islice

from gitexp.formats.canonical_json import to_json
from gitexp.formats.ordering import without_none
from gitexp.interop import gen_ai
from gitexp.interop.spans_told import EVALUATION
from gitexp.model.evaluation import (
    MAX_SECONDS,
    Direction,
    Kind,
    Metric,
    Output,
    Result,
    Score,
    State,
    Suite,
    Text,
)
from gitexp.model.record import Input, RunInfo
from gitexp.model.roles import MODEL
from gitexp.model.times import parse_time
from gitexp.model.trace import Event, Outcome, Span
from gitexp.model.values import Oid, Value

BATCH = 500
"""Answers that are one document."""
_INTERNAL = 1
_FAILED = (State.ERROR, State.TIMEOUT)


def batches(
    info: RunInfo, commit: Oid, inputs: Sequence[Input], suites: Sequence[Suite]
) -> Iterator[list[Span]]:
    """A span for each answer. Equal answers of one run have equal ids, whenever they are written."""
    models = [one.name for one in inputs if one.role == MODEL and not one.none]
    about = {"service.name": "gitexp", "gitexp.run": info.name, "gitexp.commit": commit}
    resource: dict[str, Value] = {**about, **({"gitexp.model": models[0]} if len(models) == 1 else {})}
    for suite in suites:
        spans = _spans(info, suite, resource)
        while batch := list(islice(spans, BATCH)):
            yield batch


def _spans(info: RunInfo, suite: Suite, resource: Mapping[str, Value]) -> Iterator[Span]:
    metrics = {one.name: one for one in suite.meta.metrics}
    start = round(parse_time(info.started) * 1000) * 1_000_000
    for row, _, used, text, said in suite.answers(only_asked=True):
        # When in the run it was answered nobody noted, but how long it took.
        seconds = used.get("sec", 0)
        end = start + (round(seconds * 1e9) if 0 < seconds < MAX_SECONDS else 0)
        trace = sha256(to_json([info.id, suite.name, *row.key]).encode()).hexdigest()
        yield Span(
            trace=trace[:32],
            span=trace[32:48],
            name=f"answer {suite.name}",
            kind=_INTERNAL,
            start=start,
            end=end,
            attributes=_attributes(suite.name, row, used, text, said),
            events=tuple(
                Event(EVALUATION, end, _told(metrics.get(name, Metric(name)), score, said.why))
                for name, score in sorted(row.scores.items())
            ),
            outcome=Outcome.ERROR if row.state in _FAILED else Outcome.UNSET,
            message=said.error,
            resource=resource,
            scope={"name": "gitexp"},
        )


def _attributes(
    suite: str, row: Result, used: Mapping[str, Score], text: Text | None, said: Output
) -> dict[str, Value]:
    asked = None if text is None else text.input
    return without_none(
        {
            gen_ai.SUITE: suite,
            gen_ai.EXAMPLES[0]: row.id,
            gen_ai.EPOCH: row.epoch,
            gen_ai.STATE: None if row.state is State.OK else row.state.value,
            "error.type": row.state.value if row.state in _FAILED else None,
            **{name: used[what] for what, name in gen_ai.USAGE_NAMES.items() if what in used},
            **{f"{gen_ai.USAGE}{what}": value for what, value in used.items()},
            "gen_ai.input.messages": None if asked is None else [_message("user", asked)],
            "gen_ai.output.messages": None if said.output is None else [_message("assistant", said.output)],
        }
    )


def _message(role: str, value: Value) -> Value:
    content = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return {"role": role, "parts": [{"type": "text", "content": content}]}


def _told(metric: Metric, score: Score, why: str | None) -> dict[str, Value]:
    label = None
    if metric.kind is Kind.BINARY and score in (0, 1):
        label = "pass" if (score == 1) is (metric.direction is Direction.MAX) else "fail"
    return without_none(
        {
            f"{gen_ai.EVALUATION}name": metric.name,
            f"{gen_ai.EVALUATION}score.value": score,
            f"{gen_ai.EVALUATION}score.label": label,
            f"{gen_ai.EVALUATION}explanation": why,
        }
    )
