"""What is kept of spans: no secret, nothing without bounds, and texts only where that is wanted."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.formats.redact import Redactor
from gitexp.formats.span_content import MAX_FIELD, Cleaner, cut, hash_of, without_texts
from gitexp.formats.spans import Trace, encode
from gitexp.model.calls import Content
from gitexp.model.trace import Event, Span

KEY = "sk-abcdefghijklmnopqrstuvwxyz012345"
WORD = "Xylophone"
MESSAGES = json.dumps([{"role": "user", "parts": [{"type": "text", "content": f"the {WORD} is {KEY}"}]}])


def span(attributes: dict[str, Any], **more: Any) -> Span:
    return Span("t" * 32, "s" * 16, more.pop("name", "chat"), attributes=attributes, **more)


def cleaned(one: Span, content: Content = Content.ARTIFACT) -> Span:
    return Cleaner(Redactor(["hunter2-is-mine"]), content).clean(one)


def text_of(one: Span) -> str:
    return "".join(encode(Trace((one,))))


def full() -> Span:
    """A span that says something secret, and something said, wherever anything can be said."""
    said = f"{WORD} {KEY} hunter2-is-mine"
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.input.messages": MESSAGES,
        "gen_ai.system_instructions": said,
        "gen_ai.tool.call.arguments": {"query": said},
        "input.value": said,
        "my.own": said,
        "my.list": [said],
        "api_key": "abc123def456",
    }
    event = Event("exception", 5, {"exception.type": "ValueError", "exception.message": said})
    return span(attributes, events=(event,), message=said, resource={"service.name": "qa", "app.note": said})


def test_secrets_are_masked_wherever_they_stand() -> None:
    before = text_of(Cleaner(Redactor(()), Content.ARTIFACT).clean(span({"a": "hunter2-is-mine"})))
    assert "hunter2-is-mine" in before
    kept = text_of(cleaned(full()))
    assert WORD in kept
    assert KEY not in kept
    assert "hunter2-is-mine" not in kept
    assert "abc123def456" not in kept
    assert '"gen_ai.usage.input_tokens":12' in kept


@pytest.mark.parametrize("content", [Content.HASHES, Content.NONE])
def test_what_was_said_is_not_kept_where_it_is_not_wanted(content: Content) -> None:
    one = cleaned(full(), content)
    kept = text_of(one)
    assert WORD not in kept
    for told in ("gpt-4o", "stop", "ValueError", '"service.name":"qa"', '"gen_ai.usage.input_tokens":12'):
        assert told in kept
    assert bool(one.lists) is (content is Content.HASHES)
    assert ("sha256:" in kept) is (content is Content.HASHES)


def test_a_hash_is_that_of_what_would_have_been_kept() -> None:
    whole, hashed = cleaned(full()), cleaned(full(), Content.HASHES)
    key = "gen_ai.input.messages"
    assert [hash_of(one.value) for one in whole.lists[key]] == [
        hash_of(one.value) for one in hashed.lists[key]
    ]
    assert hashed.lists[key][0].value == {"role": "user", "sha256": hash_of(whole.lists[key][0].value)}
    assert without_texts(whole) == hashed
    assert without_texts(hashed) == hashed


def test_a_long_text_is_cut_and_keeps_its_hash() -> None:
    long = "é" * MAX_FIELD
    one = cleaned(span({"a": long, "m": [{"role": "user", "content": long}], "short": "x" * MAX_FIELD}))
    found = one.attributes["a"]
    assert isinstance(found, str)
    assert len(found.encode()) < MAX_FIELD + 200
    assert found.endswith(f"… [cut: {len(long.encode())} bytes, sha256:{sha256(long.encode()).hexdigest()}]")
    assert one.lists["m"][0].value == {"role": "user", "content": found}
    assert one.attributes["short"] == "x" * MAX_FIELD
    assert cut("x" * (MAX_FIELD + 1)) != "x" * (MAX_FIELD + 1)


def test_a_secret_is_masked_before_the_cut() -> None:
    text = "x " * ((MAX_FIELD - 20) // 2) + KEY
    assert KEY[:10] in text.encode()[:MAX_FIELD].decode()
    assert KEY[:10] not in text_of(cleaned(span({"a": text})))


def test_lists_of_messages_are_found_however_they_are_written() -> None:
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]
    plain = cleaned(span({"gen_ai.input.messages": messages}))
    text = cleaned(span({"gen_ai.input.messages": json.dumps(messages)}))
    parts = cleaned(
        span(
            {
                f"llm.input_messages.{n}.message.{k}": v
                for n, m in ((1, messages[1]), (0, messages[0]))
                for k, v in m.items()
            }
        )
    )
    assert plain == text
    assert parts.lists["llm.input_messages"] == plain.lists["gen_ai.input.messages"]
    assert cleaned(span({"a": "[{no JSON"})).attributes == {"a": "[{no JSON"}
    assert cleaned(span({"a": ["x", "y"]})).attributes == {"a": ["x", "y"]}


def test_what_tells_of_the_machine_is_left_out() -> None:
    one = cleaned(
        span({}, resource={"host.name": "box", "process.command_args": ["/home/me/x"], "service.name": "s"})
    )
    assert one.resource == {"service.name": "s"}


def deep(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("content", Content)
@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        1 << 70,
        "\ud800 half",
        {"\ud800": 1},
        deep(500),
        [{"a": deep(500)}],
        "",
        [],
        {},
        None,
    ],
)
def test_whatever_stands_in_a_span_it_can_be_written(value: Any, content: Content) -> None:
    one = cleaned(span({"gen_ai.x": value}, name="n\ud800", resource={"r": value}), content)
    assert text_of(one).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=20), JSON, max_size=4), st.sampled_from(Content))
def test_cleaning_again_changes_nothing(attributes: dict[str, Any], content: Content) -> None:
    cleaner = Cleaner(Redactor(()), content)
    once = cleaner.clean(span(attributes))
    lists = {key: [one.value for one in found] for key, found in once.lists.items()}
    again = cleaner.clean(span({**once.attributes, **lists}))
    assert text_of(again) == text_of(once)
