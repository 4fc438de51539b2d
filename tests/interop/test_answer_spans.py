"""Answers as spans: what they were worth comes back from their events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from gitexp.interop import answer_spans, otlp
from gitexp.interop.gen_ai import Place
from gitexp.interop.problems import Problems
from gitexp.interop.spans_told import told
from gitexp.model.evaluation import Output, State, Suite, Text
from gitexp.model.record import Input
from gitexp.model.trace import Span
from tests.formats.test_eval_files import SUITE, suites
from tests.interop.test_eee_writing import COMMIT, INFO


def lines(suites: Sequence[Suite], *inputs: Input) -> list[str]:
    batches = answer_spans.batches(INFO, COMMIT, inputs, suites)
    return [json.dumps(otlp.document(one), allow_nan=False) for one in batches]


def back(written: list[str]) -> list[Span]:
    problems = Problems()
    found = [one for line in written for one in otlp.read(json.loads(line), "it", problems)]
    assert problems.told() == []
    return [one for one in found if isinstance(one, Span)]


@given(suites())
def test_every_answer_comes_back_with_its_scores(suite: Suite) -> None:
    found = told(back(lines([suite])))
    usage = {one.key: dict(one.values) for one in suite.usage}
    assert {
        (place.suite, place.example, place.epoch): (sums.scores, sums.usage, sums.state)
        for place, sums in found.examples.items()
    } == {
        (suite.name, *one.key): (dict(one.scores), usage.get(one.key, {}), one.state) for one in suite.results
    }
    # They are no calls of this run.
    assert (found.totals.usage, found.inputs) == ({}, ())


def test_names_are_those_of_the_conventions() -> None:
    texts = (Text("a", "1+1?", {"is": 2}),)
    said = (Output("a", 1, "two", "2", "it is right"), Output("a", 2, error="no network"))
    one, other, last = back(lines([replace(SUITE, texts=texts, outputs=said)], Input("model", "m-1")))
    (event,) = one.events
    assert (event.name, event.attributes) == (
        "gen_ai.evaluation.result",
        {
            "gen_ai.evaluation.name": "match",
            "gen_ai.evaluation.score.value": 1,
            "gen_ai.evaluation.score.label": "pass",
            "gen_ai.evaluation.explanation": "it is right",
        },
    )
    attributes: Any = one.attributes
    assert attributes["gen_ai.usage.input_tokens"] == 38
    assert attributes["gen_ai.input.messages"][0]["parts"] == [{"type": "text", "content": "1+1?"}]
    assert attributes["gen_ai.output.messages"][0]["role"] == "assistant"
    assert one.seconds == 1.2
    assert (other.outcome.name, other.message, other.attributes["error.type"]) == (
        *("ERROR", "no network", "timeout"),
    )
    # Half of a score that is right or wrong is neither.
    assert "gen_ai.evaluation.score.label" not in last.events[0].attributes
    assert one.resource["gitexp.model"] == "m-1"
    assert len({each.trace for each in (one, other, last)}) == 3


def test_of_what_no_text_was_asked_for_nothing_is_said() -> None:
    said = (Output("a", 1, "a secret answer", "secret", "secret", "secret"),)
    assert "secret" not in "".join(lines([replace(SUITE, outputs=said)]))


def test_a_line_is_a_batch_of_one_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_spans, "BATCH", 2)
    other = replace(SUITE, meta=replace(SUITE.meta, suite="other"))
    written = lines([SUITE, other])
    assert [len(back([line])) for line in written] == [2, 1, 2, 1]
    assert len(told(back(written)).examples) == 6
    assert written == lines([SUITE, other])


def test_what_a_span_says_of_a_whole_answer_stands() -> None:
    attributes = {"gitexp.example.id": "a", "gitexp.state": "limit", "gitexp.usage.calls": 3}
    call = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 5, "gitexp.usage.calls": 9}
    top = Span("1" * 32, "1" * 16, "answer", attributes={**attributes, "gitexp.usage.odd": 1})
    below = Span("1" * 32, "2" * 16, "chat", parent="1" * 16, attributes=call)
    sums = told([top, below]).examples[Place("a")]
    assert sums.state is State.LIMIT
    assert (sums.usage["calls"], sums.usage["in"]) == (3, 5)
    odd = replace(top, attributes={**attributes, "gitexp.state": ["x"], "gitexp.usage.calls": "many"})
    sums = told([odd, below]).examples[Place("a")]
    assert (sums.state, sums.usage["calls"]) == (State.OK, 1)
