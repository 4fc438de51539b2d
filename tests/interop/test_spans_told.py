"""What spans tell of a run: what its calls cost, what its answers were worth, what went into them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.formats.message_pool import message_of
from gitexp.interop.gen_ai import Family, Place
from gitexp.interop.spans_told import Told, metrics_of, told
from gitexp.model.record import How, Input, Pin
from gitexp.model.trace import Event, Span

SECOND = 1_000_000_000


def span(
    number: int, above: int | None = None, /, *, start: float = 0, end: float = 1, **attributes: Any
) -> Span:
    named = {key.replace("__", "."): value for key, value in attributes.items()}
    ids = {"trace": "t", "span": str(number), "parent": None if above is None else str(above)}
    return Span(
        **ids, name="", start=int((9 + start) * SECOND), end=int((9 + end) * SECOND), attributes=named
    )  # type: ignore[arg-type]


def chat(number: int, above: int | None = None, /, **more: Any) -> Span:
    usage = {"gen_ai__usage__input_tokens": 10, "gen_ai__usage__output_tokens": 2}
    named = {"gen_ai__operation__name": "chat", "gen_ai__request__model": "gpt-4o"}
    return span(number, above, **{**usage, **named, **more})


def tool(number: int, above: int | None = None, /, **more: Any) -> Span:
    return span(number, above, **{"gen_ai__operation__name": "execute_tool", **more})


def inputs(*spans: Span) -> dict[str, list[Input]]:
    found: dict[str, list[Input]] = {}
    for one in told(spans).inputs:
        found.setdefault(one.role, []).append(one)
    return found


def usage(found: Told, example: str, **place: Any) -> dict[str, Any]:
    return dict(found.examples[Place(example, **place)].usage)


def test_calls_are_summed_for_the_run_and_for_each_example() -> None:
    found = told(
        [
            span(1, end=3, gitexp__example__id="q1", gitexp__suite="qa"),
            chat(2, 1, gen_ai__usage__cache_read__input_tokens=4),
            tool(3, 1),
            tool(4, 1, error__type="timeout"),
            chat(5, 1, start=1, end=2.5, gen_ai__usage__reasoning__output_tokens=1, gen_ai__usage__cost=0.5),
            span(6, gitexp__example__id="q1", gitexp__epoch=2, gitexp__suite="qa"),
            chat(7, 6),
            chat(8),
        ]
    )
    assert usage(found, "q1", suite="qa") == {
        **{"calls": 2, "turns": 2, "in": 20, "out": 4, "cached": 4, "reasoning": 1},
        **{"cost": 0.5, "tools": 2, "tool_errors": 1, "sec": 3.0},
    }
    assert usage(found, "q1", suite="qa", epoch=2) == {"calls": 1, "turns": 1, "in": 10, "out": 2, "sec": 1.0}
    assert metrics_of(found.totals) == {
        **{"llm.calls": 4, "llm.tokens.in": 40, "llm.tokens.out": 8, "llm.tokens.cached": 4},
        **{"llm.tokens.reasoning": 1, "llm.cost": 0.5, "llm.tools": 2, "llm.tools.failed": 1, "llm.sec": 4.5},
    }


def test_a_call_that_passes_another_on_counts_once() -> None:
    agent = span(1, gen_ai__operation__name="invoke_agent", gen_ai__usage__input_tokens=30)
    found = told([agent, chat(2, 1, gen_ai__usage__input_tokens=20), chat(3, 2), chat(4, 2)])
    assert found.totals.usage["calls"] == 2
    assert found.totals.usage["in"] == 20


def test_embeddings_are_calls_and_no_turns_and_failures_are_told() -> None:
    embedding = chat(1, gen_ai__operation__name="embeddings")
    found = told([embedding, chat(2, error__type="429")])
    assert (found.totals.usage["calls"], found.totals.usage["turns"]) == (2, 1)
    assert metrics_of(found.totals)["llm.failed"] == 1


def test_what_grades_is_told_apart() -> None:
    found = told(
        [
            span(1, gitexp__example__id="q1"),
            chat(2, 1),
            span(
                3,
                1,
                gitexp__role="grader",
                gen_ai__evaluation__name="good",
                gen_ai__evaluation__score__value=1,
            ),
            chat(4, 3, gen_ai__request__model="judge"),
        ]
    )
    assert found.totals.usage["calls"] == 1
    assert found.grading == 1
    assert usage(found, "q1")["calls"] == 1
    assert found.examples[Place("q1")].scores == {"good": 1}
    assert [(one.role, one.name) for one in found.inputs if one.role in ("model", "grader")] == [
        ("grader", "judge"),
        ("model", "gpt-4o"),
    ]


@pytest.mark.parametrize(
    ("value", "score"), [(0.5, 0.5), (True, 1), ("pass", 1), ("7", 7), (float("nan"), None), ("good", None)]
)
def test_an_evaluation_is_a_score_of_its_example(value: Any, score: float | None) -> None:
    event = Event(
        "gen_ai.evaluation.result", 1, {"gen_ai.evaluation.name": "m", "gen_ai.evaluation.score.value": value}
    )
    question = Span("t", "1", "q", attributes={"langfuse.experiment.item.id": "q1"}, events=(event,))
    found = told([question]).examples[Place("q1")].scores
    assert found == ({} if score is None else {"m": score})


def test_an_example_ended_as_its_topmost_span_did_or_as_its_last_answer() -> None:
    ends = {
        "a": {"error__type": "ValueError"},
        "b": {},
        "c": {"error__type": "TimeoutError"},
        "d": {},
        "e": {},
    }
    tops = [span(number, gitexp__example__id=id, **more) for number, (id, more) in enumerate(ends.items())]
    cut, whole = ["length"], ["stop"]
    calls = [
        chat(10, 1, error__type="429", gen_ai__response__finish_reasons="length"),
        chat(11, 3, start=2, end=3, gen_ai__response__finish_reasons=cut),
        chat(12, 3, gen_ai__response__finish_reasons=whole),
        chat(13, 4, gen_ai__response__finish_reasons=cut),
        chat(14, 4, start=2, end=3, gen_ai__response__finish_reasons=whole),
        chat(15, 0, gen_ai__response__finish_reasons=cut),
    ]
    found = told([*calls, *tops]).examples
    states = {place.example: sums.state.value for place, sums in found.items()}
    assert states == {"a": "error", "b": "ok", "c": "timeout", "d": "limit", "e": "ok"}


def test_a_model_is_named_and_a_dated_one_is_a_revision() -> None:
    openai = {"gen_ai__provider__name": "openai"}
    one = chat(
        1, **openai, gen_ai__response__model="gpt-4o-2024-08-06", openai__response__system_fingerprint="fp_1"
    )
    two = chat(2, gen_ai__response__model="gpt-4o-2024-11-20")
    dated = [chat(3, gen_ai__request__model=name) for name in ("gpt-4o-2024-08-06", "claude-x-20250219")]
    models = {model.name: model for model in inputs(one, two, *dated)["model"]}
    assert models["gpt-4o"] == Input(
        *("model", "gpt-4o"),
        value={"name": "gpt-4o", "provider": "openai"},
        how=How.OBSERVED,
        pin=Pin.NAMED,
        seen={"response_model": ["gpt-4o-2024-08-06", "gpt-4o-2024-11-20"], "system_fingerprint": "fp_1"},
    )
    assert {models[name].pin for name in models if name != "gpt-4o"} == {Pin.REVISION}


def test_settings_that_differ_between_calls_are_all_told() -> None:
    one = chat(1, gen_ai__request__temperature=0.2, gen_ai__request__max_tokens=64, gen_ai__request__seed=7)
    two = chat(2, gen_ai__request__temperature=0.7, gen_ai__request__max_tokens=64, gen_ai__request__seed=7)
    found = inputs(one, two)
    assert found["settings"][0].value == {
        "mixed": [{"max_tokens": 64, "temperature": 0.2}, {"max_tokens": 64, "temperature": 0.7}]
    }
    assert found["seeds"][0].value == {"api": 7}
    assert inputs(one)["settings"][0].value == {"max_tokens": 64, "temperature": 0.2}
    many = [
        chat(number, gen_ai__request__temperature=number, gen_ai__request__seed=number)
        for number in range(20)
    ]
    (settings,), (seeds,) = inputs(*many)["settings"], inputs(*many)["seeds"]
    assert isinstance(settings.value, dict)
    assert settings.value["mixed"] == 20
    assert isinstance(seeds.value, dict)
    assert len(seeds.value["api"]) == 17
    assert "settings" not in inputs(chat(1))


def test_what_was_said_and_where_it_ran_is_in_no_input() -> None:
    private = {
        "gen_ai__request__messages": "the patient Bob has cancer",
        "gen_ai__request__structured_output_schema": '{"title": "diagnosis of Bob"}',
        "gen_ai__request__user": "bob@corp.com",
        "gen_ai__request__text": "a word for Bob",
        "gen_ai__request__seed": "bob",
        "gen_ai__request__model": "/home/bob/secret proj/llama.gguf",
        "gen_ai__response__model": "/home/bob/secret proj/llama.gguf",
        "openai__response__system_fingerprint": "bobs-laptop.corp.internal:80",
        "gen_ai__provider__name": "bobs-laptop.corp.internal",
        "gen_ai__request__stop_sequences": ["a b"],
        "gen_ai__request__temperature": 0.5,
    }
    found = inputs(chat(1, **private), span(2, gen_ai__data_source__id="/home/bob/vec/index.faiss"))
    told = repr(found).lower()
    assert not any(word in told for word in ("bob", "corp", "home", "proj"))
    assert [one.name for one in found["model"]] == ["llama.gguf"]
    assert [one.name for one in found["retriever"]] == ["index.faiss"]
    value = found["settings"][0].value
    assert isinstance(value, dict)
    assert (value["temperature"], value["stop_sequences"]) == (0.5, ["a b"])
    # A schema that differs is another setting.
    assert str(value["structured_output_schema"]).startswith("sha256:")
    assert value.keys() == {"stop_sequences", "structured_output_schema", "temperature", "text"}


def with_list(one: Span, key: str, *values: Any) -> Span:
    return Span(
        one.trace, one.span, "", attributes=one.attributes, lists={key: tuple(map(message_of, values))}
    )


def test_tools_and_instructions_are_known_by_their_hash() -> None:
    weather = {"type": "function", "function": {"name": "weather"}}
    key = "gen_ai.tool.definitions"
    same = [with_list(chat(number), key, weather) for number in (1, 2)]
    (tools,) = inputs(*same)["tools"]
    assert isinstance(tools.value, dict)
    assert tools.value["names"] == ["weather"]
    (other,) = inputs(with_list(chat(1), key, {**weather, "strict": True}))["tools"]
    assert isinstance(other.value, dict)
    assert other.value["digest"] != tools.value["digest"]
    (both,) = inputs(*same, with_list(chat(3), key, {"name": "search"}))["tools"]
    assert isinstance(both.value, dict)
    assert (both.value["names"], both.value["mixed"]) == (["search", "weather"], 2)
    system = {"role": "system", "content": "Be brief."}
    (prompt,) = inputs(with_list(chat(1), "gen_ai.input.messages", system, {"role": "user", "content": "?"}))[
        "prompt"
    ]
    assert prompt.pin is Pin.INFERRED
    (alike,) = inputs(with_list(chat(1), "gen_ai.input.messages", system, {"role": "user", "content": "!"}))[
        "prompt"
    ]
    assert alike == prompt
    assert "prompt" not in inputs(
        with_list(chat(1), "gen_ai.input.messages", {"role": "user", "content": "?"})
    )


def test_a_retriever_is_known_by_its_source() -> None:
    one = span(
        1, gen_ai__operation__name="retrieval", gen_ai__data_source__id="docs", gen_ai__request__top_k=5
    )
    (found,) = inputs(one)["retriever"]
    assert (found.name, found.value, found.pin) == ("docs", {"data_source": "docs", "top_k": 5}, Pin.NAMED)


def test_spans_of_openinference_are_understood() -> None:
    counts = {"llm__token_count__prompt": 9, "llm__token_count__completion": 3, "llm__model_name": "phi"}
    found = told(
        [span(1, openinference__span__kind="LLM", **counts), span(2, openinference__span__kind="TOOL")]
    )
    assert metrics_of(found.totals) == {
        **{"llm.calls": 1, "llm.tokens.in": 9, "llm.tokens.out": 3, "llm.tools": 1, "llm.tools.failed": 0},
        "llm.sec": 1.0,
    }
    assert found.inputs[0].name == "phi"


def test_spans_that_stand_above_themselves_end_nothing() -> None:
    loop = [chat(1, 2, gitexp__example__id="q"), chat(2, 1), chat(3, 3)]
    family = Family(loop)
    assert {family.place(one).example for one in loop} == {"q", None}
    told(loop)


ANY = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.lists(st.text())
KEYS = [
    *("gen_ai.operation.name", "gen_ai.request.model", "gen_ai.usage.input_tokens", "gitexp.example.id"),
    *(
        "gitexp.epoch",
        "gitexp.suite",
        "gen_ai.data_source.id",
        "gen_ai.request.seed",
        "gen_ai.evaluation.name",
    ),
    *("gen_ai.evaluation.score.value", "gen_ai.response.model", "gen_ai.request.temperature", "gitexp.role"),
]


@given(st.dictionaries(st.sampled_from(KEYS), ANY), st.dictionaries(st.sampled_from(KEYS), ANY))
def test_attributes_may_have_any_type(one: dict[str, Any], other: dict[str, Any]) -> None:
    known = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
    told(
        [
            Span("t", "1", "", attributes={**known, **one}),
            Span("t", "2", "", parent="1", attributes={**other}),
        ]
    )
