"""Nested differences."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.diff import Difference, aligned, differences, same
from gitexp.model.history import MISSING

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=4),
    max_leaves=12,
)
MAPPINGS = st.dictionaries(st.text(max_size=2), VALUES, max_size=4)


def test_leaves() -> None:
    old = {"a": 1, "b": {"c": 1, "d": [1, 2]}, "gone": {"x": 1}, "same": math.nan}
    new = {"a": 1.0, "b": {"c": 1, "d": [1, 3]}, "same": math.nan, "new": None}
    assert differences(old, new) == [
        Difference(("a",), 1, 1.0),
        Difference(("b", "d"), [1, 2], [1, 3]),
        Difference(("gone", "x"), 1, MISSING),
        Difference(("new",), MISSING, None),
    ]


def test_types_count() -> None:
    assert same(1, 1)
    assert not same(1, True)
    assert not same([1], [True])
    assert not same(0, None)
    assert not same({}, MISSING)
    assert not same("", MISSING)


def test_an_item_put_in_between_is_one_difference() -> None:
    stages = [{"name": "retrieve", "k": 5}, {"name": "rerank", "k": 3}]
    more = [stages[0], {"name": "filter"}, stages[1]]
    found = differences({"s": stages}, {"s": more})
    assert found == [Difference(("s", 1, "name"), MISSING, "filter")]
    assert differences({"s": more}, {"s": stages}) == [Difference(("s", 1, "name"), "filter", MISSING)]


def test_a_value_in_a_list_of_mappings() -> None:
    old = {"s": [{"k": 5, "deep": {"x": [1]}}, {"k": 6}]}
    new = {"s": [{"k": 5, "deep": {"x": [2]}}, {"k": 6}]}
    assert [d.path[:2] for d in differences(old, new)] == [("s", 0)]


def test_very_long_lists_are_compared_as_a_whole() -> None:
    old, new = [{"a": i} for i in range(5000)], [{"a": i + 1} for i in range(5000)]
    assert differences({"l": old}, {"l": new}) == [Difference(("l",), old, new)]


@settings(max_examples=50)
@given(MAPPINGS)
def test_nothing_differs_from_itself(value: dict[str, object]) -> None:
    assert differences(value, value) == []  # type: ignore[arg-type]


@settings(max_examples=50, deadline=None)
@given(MAPPINGS, MAPPINGS)
def test_what_is_not_the_same_is_found_from_both_sides(one: dict, other: dict) -> None:
    there, back = differences(one, other), differences(other, one)
    assert bool(there) == bool(back) == (not same(one, other))
    for difference in there:
        assert not same(difference.old, difference.new)


def test_many_sides_are_aligned() -> None:
    sides = [
        {"a": 1, "m": {"x": 1}, "l": [{"k": 1}, 2], "flat": [1, 2]},
        {"a": 1, "l": [{"k": 2}, 2], "flat": [1, 3]},
        {"m": {}, "l": [{"k": 1}, 3], "flat": [1, 2], "new": {"y": None}},
    ]
    assert aligned(sides) == [
        (("a",), (1, 1, MISSING)),
        (("m", "x"), (1, MISSING, MISSING)),
        (("l", 0, "k"), (1, 2, 1)),
        (("l", 1), (2, 2, 3)),
        (("flat",), ([1, 2], [1, 3], [1, 2])),
        (("new", "y"), (MISSING, MISSING, None)),
    ]
    assert aligned([{"l": [{}]}, {"l": [{}, {}]}]) == [(("l",), ([{}], [{}, {}]))]
    assert aligned([{}, {}, {}]) == []
    assert aligned([{"m": {}}, {"m": 1}]) == [(("m",), ({}, 1))]


@given(MAPPINGS, MAPPINGS)
@settings(max_examples=50)
def test_aligned_leaves_differ_just_where_the_mappings_do(old: dict, new: dict) -> None:
    unequal = [one for one in aligned([old, new]) if not same(*one[1])]
    assert bool(unequal) is bool(differences(old, new))
