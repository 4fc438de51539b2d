"""Span files as programs leave them: what is good is read, and the rest is told with file and line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.capture.span_folder import span_files as spans_of
from gitexp.interop import otlp, span_files
from gitexp.interop.otlp import Loose
from gitexp.interop.problems import Problems
from gitexp.model.trace import Event, Link, Outcome, Span

FIXTURES = Path(__file__).parent.parent / "fixtures" / "traces"
ONE = {"traceId": "a" * 32, "spanId": "b" * 16, "name": "one"}


def read(folder: Path) -> tuple[list[Span | Loose], list[str]]:
    problems = Problems(partial=True)
    found = [one for _, one in span_files.read(folder, spans_of(folder), problems)]
    return found, problems.told()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "traces").mkdir()
    return tmp_path / "traces"


def read_value(value: Any) -> list[Any]:
    return list(otlp.read(value, "here", Problems(partial=True)))


def test_what_the_sdk_of_python_prints(folder: Path) -> None:
    (folder / "7.jsonl").write_bytes((FIXTURES / "sdk.jsonl").read_bytes())
    found, told = read(folder)
    assert told == []
    assert len(found) == 8
    call, tool = found[0], found[1]
    assert isinstance(call, Span)
    assert isinstance(tool, Span)
    assert (call.name, call.kind, len(call.trace), len(call.span)) == ("chat gpt-4o", 3, 32, 16)
    assert call.parent == tool.parent != call.span
    assert 0 < call.seconds < 60
    assert call.attributes["gen_ai.usage.input_tokens"] == 38
    assert call.resource["service.name"] == "qa"


def test_a_document_of_otlp_whose_ids_are_base64(folder: Path) -> None:
    (folder / "7.json").write_bytes((FIXTURES / "otlp.json").read_bytes())
    found, told = read(folder)
    assert told == []
    retrieval, call, question = found
    assert isinstance(call, Span)
    assert isinstance(question, Span)
    assert isinstance(retrieval, Span)
    assert (call.trace, call.parent) == (question.trace, question.span)
    assert retrieval.attributes["gen_ai.request.top_k"] == 5.0
    assert call.attributes["gen_ai.usage.input_tokens"] == 900
    assert call.attributes["gen_ai.request.stop_sequences"] == ["\n"]
    assert call.attributes["streamed"] is True
    assert (call.outcome, call.message) == (Outcome.ERROR, "boom")
    assert question.events[0].attributes["gen_ai.evaluation.score.value"] == 0.75
    assert question.scope == {"name": "rag", "version": "1.2"}


def test_lines_of_documents_and_a_list_of_spans(folder: Path) -> None:
    document = json.dumps(json.loads((FIXTURES / "otlp.json").read_text()))
    (folder / "a.jsonl").write_text(f"{document}\n{document}\n")
    (folder / "b.json").write_text(json.dumps([ONE, ONE], indent=2))
    (folder / "c.json").write_text(json.dumps(ONE))
    found, told = read(folder)
    assert (len(found), told) == (9, [])


def test_events_that_were_logged_apart_are_of_their_spans() -> None:
    record = {
        "timeUnixNano": "5",
        "eventName": "gen_ai.evaluation.result",
        "traceId": "a" * 32,
        "spanId": "b" * 16,
        "attributes": [{"key": "gen_ai.evaluation.name", "value": {"stringValue": "good"}}],
        "body": {"kvlistValue": {"values": [{"key": "x", "value": {"intValue": 1}}]}},
    }
    (loose,) = read_value({"resourceLogs": [{"scopeLogs": [{"logRecords": [record, {"traceId": ""}]}]}]})
    event = Event("gen_ai.evaluation.result", 5, {"gen_ai.evaluation.name": "good", "x": 1})
    assert loose == Loose("a" * 32, "b" * 16, event)


PLAIN = st.text(max_size=5) | st.booleans() | st.integers(-(2**62), 2**62)
VALUES = st.recursive(
    PLAIN, lambda one: st.lists(one, max_size=2) | st.dictionaries(st.text(), one, max_size=2)
)
ATTRIBUTES = st.dictionaries(st.text(max_size=5), VALUES, max_size=2)
SPANS = st.builds(
    Span,
    trace=st.just("a" * 32),
    span=st.text("123456789abcdef", min_size=16, max_size=16),
    name=st.text(max_size=5),
    parent=st.none() | st.just("c" * 16),
    kind=st.integers(0, 5),
    start=st.integers(0, 2**63 - 1),
    end=st.integers(0, 2**63 - 1),
    attributes=ATTRIBUTES,
    events=st.lists(st.builds(Event, st.text(max_size=3), st.integers(0, 9), ATTRIBUTES), max_size=2).map(
        tuple
    ),
    links=st.lists(st.builds(Link, st.just("d" * 32), st.just("e" * 16), ATTRIBUTES), max_size=1).map(tuple),
    outcome=st.sampled_from(Outcome),
    message=st.none() | st.text(min_size=1, max_size=5),
    resource=ATTRIBUTES,
    scope=st.sampled_from([{}, {"name": "n"}, {"name": "n", "version": "v"}]),
)


@given(st.lists(SPANS, max_size=4))
def test_what_is_exported_is_read_as_it_was(spans: list[Span]) -> None:
    assert read_value(json.loads(json.dumps(otlp.document(spans)))) == spans


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", None),
        (b"\n \n", None),
        (b"{}", "a.jsonl, line 1: not a span: it has no id of a trace and of its own"),
        (b'{"traceId": "a', "a.jsonl, line 1: not JSON: "),
        (json.dumps(ONE).encode() + b"\nnot json\n", "a.jsonl, line 2: not JSON"),
        (f"{json.dumps(ONE)}\n{json.dumps(ONE)}".encode("utf-16"), "a.jsonl, line 1: not JSON"),
        (b"\x1f\x8b\x08\x00", "a.jsonl, line 1: not JSON"),
        (b"[" * 100_000, "a.jsonl: nested too deep"),
        (b'{"traceId":' + b"[" * 100_000 + b"\n", "a.jsonl, line 1: not JSON"),
        (b"[1, 2]", "a.jsonl, item 1: not a span"),
        (b'{"resourceSpans": [3, {"scopeSpans": [{"spans": [7]}]}]}', "a.jsonl, line 1: not a span"),
        (b'"text"\n', "a.jsonl, line 1: not a JSON object"),
    ],
)
def test_what_is_bad_is_told_and_costs_nothing_else(folder: Path, data: bytes, told: str | None) -> None:
    (folder / "a.jsonl").write_bytes(data)
    (folder / "b.jsonl").write_text(json.dumps(ONE) + "\n")
    found, problems = read(folder)
    assert isinstance(found[-1], Span)
    assert found[-1].name == "one"
    assert len(problems) == (0 if told is None else max(1, len(problems)))
    assert told is None or problems[0].startswith(told)


def test_a_line_that_is_too_long_costs_the_rest_of_its_file_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitexp.interop.source.MAX_LINE", 1000)
    long = {**ONE, "attributes": {"a": "x" * 2000}}
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, (ONE, long, ONE))))
    (folder / "b.jsonl").write_text(json.dumps(ONE))
    found, told = read(folder)
    assert len(found) == 2
    assert told == ["a.jsonl, line 2: more than 1000 bytes"]


def test_what_is_too_much_together_is_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (folder / f"{name}.jsonl").write_text(json.dumps(ONE))
    monkeypatch.setattr(span_files, "MAX_BYTES", 2 * len(json.dumps(ONE)))
    found, told = read(folder)
    assert len(found) == 2
    assert told[0].startswith("c.jsonl: left out")


def test_only_files_are_read(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(folder / "pipe")
    (tmp_path / "elsewhere").write_text(json.dumps(ONE))
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (folder / ".part").write_text(json.dumps(ONE))
    (folder / "below").mkdir()
    (folder / "below" / "x").write_text(json.dumps(ONE))
    found, told = read(folder)
    assert (len(found), told) == (1, [])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=5) | st.sampled_from(["key", "value", "intValue", "values"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
KEYS = [
    *ONE,
    "kind",
    "status",
    "attributes",
    "events",
    "links",
    "resource",
    "scope",
    "context",
    "startTimeUnixNano",
]


@given(st.sampled_from(KEYS), JSON)
def test_a_span_may_hold_anything_anywhere(key: str, value: Any) -> None:
    read_value({**ONE, key: value})
    read_value({"resourceSpans": value})
    read_value(
        {
            "resourceSpans": [
                {"resource": value, "scopeSpans": [{"scope": value, "spans": [{**ONE, key: value}]}]}
            ]
        }
    )
    read_value(
        {
            "resourceLogs": [
                {"scopeLogs": [{"logRecords": [value, {**ONE, "body": value, "eventName": value}]}]}
            ]
        }
    )
