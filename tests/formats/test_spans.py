"""Files of spans: every span comes back as it was, each message is in them once, and bad ones are refused."""

from __future__ import annotations

import io
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.errors import BrokenRecord, GitExpError, NewerFormat, UsageError
from gitexp.formats import packed_lines
from gitexp.formats.message_pool import message_of
from gitexp.formats.spans import Trace, decode, encode
from gitexp.model.calls import Content
from gitexp.model.trace import Event, Link, Message, Outcome, Span

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
ATTRIBUTES = st.dictionaries(TEXT, JSON, max_size=3)
TIMES = st.integers(0, 2**63 - 1)
# Few different messages, so that lists begin as others do.
MESSAGES = st.lists(
    st.sampled_from([message_of(one) for one in ({}, "", 0, None, {"a": 1}, ["x"])]), max_size=5
)
LISTS = st.dictionaries(st.sampled_from(["in", "out"]), MESSAGES.map(tuple), max_size=2)
EVENTS = st.builds(Event, TEXT, TIMES, ATTRIBUTES, LISTS)
IDS = st.text("0123456789abcdef", min_size=1, max_size=4)
SPANS = st.builds(
    Span,
    trace=IDS,
    span=IDS,
    name=TEXT,
    parent=st.none() | IDS,
    kind=st.integers(0, 5),
    start=TIMES,
    end=TIMES,
    attributes=ATTRIBUTES,
    lists=LISTS,
    events=st.lists(EVENTS, max_size=2).map(tuple),
    links=st.lists(st.builds(Link, IDS, IDS, ATTRIBUTES), max_size=2).map(tuple),
    outcome=st.sampled_from(Outcome),
    message=st.none() | TEXT.filter(bool),
    resource=ATTRIBUTES,
    scope=ATTRIBUTES,
)


def lines(trace: Trace) -> list[bytes]:
    return [line.encode() for line in encode(trace)]


def read(*rows: Any, head: dict[str, Any] | None = None) -> Trace:
    first = {"kind": "spans", "format": 1, **(head or {})}
    return decode([json.dumps(row).encode() for row in (first, *rows)], what="f")


@given(st.lists(SPANS, max_size=6, unique_by=lambda one: one.key), st.sampled_from(Content))
def test_every_span_comes_back(spans: list[Span], content: Content) -> None:
    found = decode(lines(Trace(tuple(spans), content, left_out=2)), what="f")
    ordered = tuple(sorted(spans, key=lambda one: (one.start, one.trace, one.span)))
    assert found == Trace(ordered, content, left_out=2)
    # Python takes True for 1 and 1.0 for 1: JSON does not.
    assert lines(found) == lines(Trace(ordered, content, left_out=2))


@given(st.lists(SPANS, max_size=6, unique_by=lambda one: one.key), st.randoms(use_true_random=False))
def test_the_order_in_which_spans_were_written_does_not_matter(
    spans: list[Span], chance: random.Random
) -> None:
    shuffled = list(spans)
    chance.shuffle(shuffled)
    assert lines(Trace(tuple(shuffled))) == lines(Trace(tuple(spans)))


def conversation(turns: int) -> list[Span]:
    said: list[Message] = [message_of({"role": "user", "content": "question"})]
    spans = []
    for turn in range(turns):
        spans.append(
            Span("t", f"{turn:04}", "chat", start=turn + 1, lists={"gen_ai.input.messages": tuple(said)})
        )
        said += [
            message_of({"role": "assistant", "content": turn}),
            message_of({"role": "tool", "content": -turn}),
        ]
    return spans


def test_a_message_stands_once_and_a_list_says_only_what_is_new() -> None:
    rows = [json.loads(line) for line in lines(Trace(tuple(conversation(50))))]
    messages = [row["id"] for row in rows if "id" in row]
    assert len(messages) == len(set(messages)) == 1 + 2 * 49
    lists = [row["lists"]["gen_ai.input.messages"] for row in rows if "span" in row]
    assert max(map(len, lists)) == 4
    assert lists[2][:2] == [1, 3]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([{"span": "a"}], "line 2: no 'trace'"),
        ([{"trace": "a", "span": "b", "name": 7}], "line 2: 7 is not text"),
        ([{"trace": "a", "span": "b", "name": "", "start": -1}], "line 2: 'start' is not a number"),
        ([{"trace": "a", "span": "b", "name": "", "start": True}], "line 2: 'start' is not a number"),
        ([{"trace": "a", "span": "b", "name": "", "outcome": 9}], "line 2: 9 is not a valid Outcome"),
        ([{"trace": "a", "span": "b", "name": "", "resource": 3}], "line 2: list index"),
        ([{"trace": "a", "span": "b", "name": "", "lists": {"m": ["k"]}}], "line 2: no message 'k'"),
        ([{"trace": "a", "span": "b", "name": "", "lists": {"m": [0, 1]}}], "line 2: no list 0"),
        ([{"trace": "a", "span": "b", "name": "", "lists": {"m": [True]}}], "line 2: no message True"),
        (
            [{"trace": "a", "span": "b", "name": "", "lists": {"m": "k"}}],
            "line 2: a list of messages is none",
        ),
        ([{"trace": "a", "span": "b", "name": "", "end": 1 << 70}], "line 2: 'end' is not a number"),
        (
            [{"trace": "a", "span": "b", "name": "", "attributes": {"a": float("nan")}}],
            "line 2: not JSON: NaN",
        ),
        ([{"id": 5}], "line 2: 5 is not text"),
        (["text"], "line 2: not a JSON object"),
    ],
)
def test_what_is_no_span_is_refused_with_its_line(rows: list[Any], fault: str) -> None:
    with pytest.raises(BrokenRecord, match="f, " + fault):
        read(*rows)


def test_a_list_that_claims_more_than_there_is_is_refused() -> None:
    span = {"trace": "a", "span": "b", "name": ""}
    one = {**span, "lists": {"m": ["k"]}}
    assert read({"id": "k", "message": 1}, one, {**span, "lists": {"m": [0, 1]}}).spans[1].lists["m"]
    with pytest.raises(BrokenRecord, match="line 4: list 0 has not 2 messages"):
        read({"id": "k", "message": 1}, one, {**span, "lists": {"m": [0, 2]}})


@pytest.mark.parametrize("depth", [150, 100_000])
def test_what_is_nested_too_deep_is_refused(depth: int) -> None:
    deep = b'{"id": "k", "message": ' + b"[" * depth + b"]" * depth + b"}"
    with pytest.raises(BrokenRecord, match="f, line 2: "):
        decode([b'{"kind": "spans", "format": 1}', deep], what="f")


def test_short_lines_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitexp.formats.spans.MAX_LISTED", 100)
    span = {"trace": "a", "span": "b", "name": ""}
    rows = [{**span, "lists": {"m": [0, 10]}} for _ in range(20)]
    with pytest.raises(BrokenRecord, match="too many messages for so small a file"):
        read({"id": "k", "message": 1}, {**span, "lists": {"m": ["k"] * 10}}, *rows)


def test_the_first_line_says_what_it_is() -> None:
    with pytest.raises(NewerFormat, match="line 1: format 2 is newer"):
        read(head={"format": 2})
    with pytest.raises(BrokenRecord, match="not a file of spans"):
        read(head={"kind": "other"})
    with pytest.raises(BrokenRecord, match="line 1: not JSON"):
        decode([], what="f")
    with pytest.raises(BrokenRecord, match="nothing"):
        read(head={"content": "nothing"})


@given(JSON, JSON, st.sampled_from([*Span.__slots__, "id", "message"]))
def test_whatever_stands_there_is_an_error_of_ours(value: Any, head: Any, key: str) -> None:
    span = {"trace": "a", "span": "b", "name": "", key: value}
    for call in (lambda: read(span), lambda: read(span, head={"resources": head, "scopes": value})):
        try:
            call()
        except GitExpError:
            pass


def packed(rows: Sequence[str], monkeypatch: pytest.MonkeyPatch, *, zstd: bool) -> tuple[str, bytes]:
    with monkeypatch.context() as patch:
        if not zstd:
            patch.setitem(sys.modules, "zstandard", None)
        return packed_lines.pack(rows)


@pytest.mark.parametrize("zstd", [True, False])
def test_lines_are_packed_and_read_again(monkeypatch: pytest.MonkeyPatch, zstd: bool) -> None:
    rows = [f"line {number} é\n" for number in range(100_000)]
    ending, data = packed(rows, monkeypatch, zstd=zstd)
    assert ending == (".zst" if zstd else ".gz")
    assert data == packed(rows, monkeypatch, zstd=zstd)[1]
    assert [
        f"{one.decode()}\n" for one in packed_lines.unpack(io.BytesIO(data), f"x{ending}", len(data))
    ] == rows
    for broken in (data[: len(data) // 2], b"nothing of that kind", b""):
        if zstd and broken:
            with pytest.raises(BrokenRecord):
                decode(packed_lines.unpack(io.BytesIO(broken), f"x{ending}", len(broken)), what="f")
    monkeypatch.setattr(packed_lines, "MAX_UNPACKED", 1000)
    with pytest.raises(BrokenRecord, match="more than 1000 bytes"):
        list(packed_lines.unpack(io.BytesIO(data), f"x{ending}", len(data)))


HEAD = '{"format":1,"kind":"spans"}\n'
SPAN = '{"trace":"a","span":"b","name":"n"}\n'


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([HEAD, "a" * (8 << 20)], "a line of more than"),
        ([HEAD, *["a" * (1 << 20)] * 6], "a line of more than"),
        ([HEAD, *['"", ' * 1000 + "\n"] * 10_000], "line 2: not JSON"),
        ([HEAD, f'{{"id":"x","message":[{"{}," * 600_000}0]}}\n', SPAN], "too many values for so small"),
        ([HEAD, *['{"id":"x","message":[' + "{}," * 60_000 + "0]}\n"] * 6], "too many values for so small"),
        ([HEAD, *[SPAN] * 100_000], "too many values for so small"),
        (
            [
                HEAD,
                f'{{"id":"x","message":"{"x" * 3_000_000}"}}\n',
                *['{"id":"x","message":"x"}' + " " * 3_000_000 + "\n"] * 11,
            ],
            "has more than",
        ),
    ],
    ids=["line", "parts", "rows", "one", "messages", "spans", "bytes"],
)
def test_a_few_bytes_cannot_fill_the_memory(rows: list[str], told: str) -> None:
    ending, data = packed_lines.pack(rows)
    assert len(data) < 60_000
    with pytest.raises(BrokenRecord, match=told):
        decode(packed_lines.unpack(io.BytesIO(data), f"x{ending}", len(data)), what="f", size=len(data))


@pytest.mark.parametrize("broken", [b"nothing of that kind", b"", b"\x1f\x8b\x08\x00"])
def test_a_damaged_file_is_refused(broken: bytes) -> None:
    for name in ("x.gz", "x.zst"):
        with pytest.raises(BrokenRecord):
            decode(packed_lines.unpack(io.BytesIO(broken), name, len(broken)), what="f")


def test_zstd_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(UsageError) as error:
        list(packed_lines.unpack(io.BytesIO(b""), "x.zst", 0))
    assert error.value.hint == "pip install 'gitexp[eval]'"


def test_what_was_cut_off_is_missed() -> None:
    whole = lines(Trace(tuple(conversation(3))))
    assert len(decode(whole, what="f").spans) == 3
    with pytest.raises(BrokenRecord, match="not JSON"):
        decode([*whole[:-1], whole[-1][:20]], what="f")
    with pytest.raises(BrokenRecord, match="line 1 says 3 spans, and there are 2"):
        decode(whole[:-1], what="f")
    assert decode(lines(replace(Trace(()), left_out=1)), what="f").left_out == 1
