"""Span files of a run put together: whatever is wrong with one, what is good of it is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.capture.live import Live
from gitexp.capture.span_folder import span_files
from gitexp.formats.redact import Redactor
from gitexp.formats.spans import Trace, decode, encode
from gitexp.interop.spans_told import told
from gitexp.model.calls import Content
from gitexp.ops.record_folder import Traces
from gitexp.ops.traces import gathering
from gitexp.ops.traces.gathering import gather

FIXTURES = Path(__file__).parent.parent / "fixtures" / "traces"
SDK = (FIXTURES / "sdk.jsonl").read_bytes()
SPAN = {"traceId": "a" * 32, "spanId": "b" * 16, "name": "one"}
EVENT = {"traceId": "a" * 32, "spanId": "b" * 16, "eventName": "later", "timeUnixNano": "9"}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Live:
    live = Live(tmp_path_factory.mktemp("live"))
    live.traces.mkdir()
    return live


def gathered(live: Live, *files: bytes) -> tuple[Trace, list[str]]:
    for old in live.traces.iterdir():
        old.unlink()
    for number, data in enumerate(files):
        (live.traces / f"{number}.jsonl").write_bytes(data)
    remarks: list[str] = []
    traces = Traces(live.traces, span_files(live.traces))
    return gather(traces, Redactor(()), Content.ARTIFACT, remarks.append), remarks


def test_a_span_that_was_written_twice_is_kept_once(live: Live) -> None:
    ended = {**SPAN, "endTimeUnixNano": "5"}
    trace, remarks = gathered(live, SDK, SDK, json.dumps(SPAN).encode(), json.dumps(ended).encode())
    assert len(trace.spans) == 9
    assert [one.end for one in trace.spans if one.name == "one"] == [5]
    assert (trace.left_out, remarks) == (0, [])


def test_events_of_other_files_come_to_their_spans(live: Live) -> None:
    stray = {**EVENT, "spanId": "c" * 16}
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [EVENT, stray]}]}]}
    trace, remarks = gathered(live, json.dumps(logs).encode(), json.dumps(SPAN).encode())
    assert [(one.name, one.at) for one in trace.spans[0].events] == [("later", 9)]
    assert remarks == ["spans: events: left out: their spans are not there"]


def test_of_too_many_spans_the_first_are_kept(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MAX_SPANS", 3)
    trace, remarks = gathered(live, SDK)
    assert (len(trace.spans), trace.left_out) == (3, 5)
    assert remarks[0] == "spans: 0.jsonl, line 4: left out: more than 3 spans"


@given(st.integers(0, len(SDK)), st.integers(0, len(SDK) - 1), st.binary(max_size=3))
def test_damage_costs_only_what_is_damaged(live: Live, end: int, at: int, put: bytes) -> None:
    damaged = (SDK[:at] + put + SDK[at + 1 :])[:end]
    trace, _ = gathered(live, damaged, json.dumps(SPAN).encode())
    assert any(one.name == "one" for one in trace.spans)
    assert len(trace.spans) >= damaged.count(b"\n") - put.count(b"\n") - 1
    lines = [line.encode() for line in encode(trace)]
    assert len(decode(lines, what="f").spans) == len(trace.spans)
    told(trace.spans)
