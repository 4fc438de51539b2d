"""Documents that end too early."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.interop.salvaging import salvaged

ROW = st.dictionaries(
    st.text(max_size=3),
    st.none()
    | st.text('ab"\\[]{},é\n', max_size=5)
    | st.lists(st.integers(), max_size=2)
    | st.just({"x": [{}]}),
    max_size=3,
)


@given(st.lists(ROW, min_size=1, max_size=4), st.booleans(), st.booleans(), st.data())
def test_what_is_left_are_the_whole_rows_before_the_cut(
    rows: list[dict[str, Any]], wrapped: bool, spaced: bool, data: st.DataObject
) -> None:
    text = json.dumps(rows, indent=1 if spaced else None, ensure_ascii=False)
    before = '{"version": 2, "eval": {"tags": ["a", "b"], "n": {}}, "samples": ' if wrapped else ""
    cut = data.draw(st.integers(1, len(text) - 1))
    found = salvaged(before + text[:cut])
    assert found is not None
    value = json.loads(found)
    kept = value["samples"] if wrapped else value
    assert kept == rows[: len(kept)]
    # Only the row in which it was cut is lost.
    whole = [at for at in range(len(rows) + 1) if len(json.dumps(rows[:at], ensure_ascii=False)) - 1 <= cut]
    if not spaced:
        assert len(kept) == max(whole)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": {"rows": [1, 2]', '{"a": {"rows": [1, 2]}}'),
        ('{"a": {"rows": [1, 2], "end": {"n": 2, "m": 1', '{"a": {"rows": [1, 2], "end": {"n": 2}}}'),
        ('{"a": {"rows": [1, 2], "end": {', '{"a": {"rows": [1, 2], "end": {}}}'),
        ('{"a": {"rows": [1, 2]}, "b', '{"a": {"rows": [1, 2]}}'),
    ],
)
def test_what_is_cut_off_behind_the_rows_keeps_them(text: str, found: str) -> None:
    assert json.loads(salvaged(text) or "") == json.loads(found)


@pytest.mark.parametrize("text", ["", "{", '{"a": {"b": 1', "1", "]", '[{]"', '"[1, 2', '{"a": 1}'])
def test_what_is_cut_off_outside_of_a_list_is_not_mended(text: str) -> None:
    assert salvaged(text) is None
