from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.cli.json_output import put_json, strict

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_what_is_not_finite_is_null_and_named() -> None:
    value = {"a": {"b.c": float("nan")}, "l": [1.0, float("-inf")], "i": float("inf"), "ok": 1}
    assert strict(value) == {
        "a": {"b.c": None},
        "l": [1.0, None],
        "i": None,
        "ok": 1,
        "nonfinite": {"a.b\\.c": "nan", "l.1": "-inf", "i": "inf"},
    }


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_the_rest_is_what_it_was(value: dict[str, object]) -> None:
    document = strict(value)
    named = document.pop("nonfinite")
    text = json.dumps(document, allow_nan=False)
    value.pop("nonfinite", None)
    assert (json.loads(text) == value) or named


def test_output_is_ascii_and_begins_with_the_format(capsys: pytest.CaptureFixture[str]) -> None:
    put_json({"name": "\u202e\x1b é"})
    text = capsys.readouterr().out
    assert text.isascii()
    assert "\x1b" not in text
    assert list(json.loads(text)) == ["format", "name"]
    with pytest.raises(ValueError, match="not JSON compliant"):
        put_json({"x": float("nan")})
