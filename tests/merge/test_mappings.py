"""Nested mappings merge key by key, in any order, and a conflict is never resolved unasked."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from gitexp.merge.mappings import Conflict, changes, merge
from gitexp.model.missing import MISSING, Missing
from gitexp.model.values import Value, same

KEYS = st.sampled_from("abc")
SCALARS = st.sampled_from([0, 1, 1.0, True, None, "x", 0.0, -0.0, float("nan")])
LEAVES = SCALARS | st.lists(SCALARS, max_size=2)
TREES: st.SearchStrategy[dict[str, Value]] = st.recursive(
    st.dictionaries(KEYS, LEAVES, max_size=3),
    lambda inner: st.dictionaries(KEYS, LEAVES | inner, max_size=3),
    max_leaves=8,
)
Edits = dict[tuple[str, ...], Value | Missing]


@given(TREES, TREES, TREES)
def test_it_does_not_matter_who_comes_first(
    base: dict[str, Value], one: dict[str, Value], other: dict[str, Value]
) -> None:
    here, there = merge(base, [one, other]), merge(base, [other, one])
    assert same(here.values, there.values)
    swapped = {conflict.key: (conflict.base, conflict.values[::-1]) for conflict in there.conflicts}
    assert {conflict.key for conflict in here.conflicts} == set(swapped)
    for conflict in here.conflicts:
        assert same((conflict.base, conflict.values), swapped[conflict.key])


@given(TREES, TREES, TREES, TREES)
def test_where_nothing_conflicts_the_grouping_does_not_matter(
    base: dict[str, Value], one: dict[str, Value], two: dict[str, Value], three: dict[str, Value]
) -> None:
    left, right = merge(base, [one, two]), merge(base, [two, three])
    if left.conflicts or right.conflicts:
        return
    ends = merge(base, [left.values, three]), merge(base, [one, right.values])
    if not any(end.conflicts for end in ends):
        assert same(ends[0].values, ends[1].values)
        whole = merge(base, [one, two, three])
        assert whole.conflicts == ()
        assert same(whole.values, ends[0].values)


@given(TREES, TREES)
def test_what_one_side_did_alone_or_both_did_alike_stands(
    base: dict[str, Value], side: dict[str, Value]
) -> None:
    for sides in ([side, base], [base, side], [side, side], [side], [side, base, side]):
        found = merge(base, sides)
        assert found.conflicts == ()
        assert same(found.values, side)


@given(TREES, st.data())
def test_a_merge_is_both_edits_made(base: dict[str, Value], data: st.DataObject) -> None:
    """Edits of different top-level keys, made by two people, or by one after the other."""
    mine = data.draw(st.sets(KEYS))
    edits = {key: data.draw(LEAVES | TREES | st.just(MISSING)) for key in data.draw(st.sets(KEYS))}
    first = {key: value for key, value in edits.items() if key in mine}
    second = {key: value for key, value in edits.items() if key not in mine}
    merged = merge(base, [edited(base, first), edited(base, second)])
    assert merged.conflicts == ()
    assert same(merged.values, edited(edited(base, first), second))


@given(TREES, TREES, TREES)
def test_nothing_is_invented_and_no_conflict_is_hidden(
    base: dict[str, Value], one: dict[str, Value], other: dict[str, Value]
) -> None:
    found = merge(base, [one, other])
    fought = {conflict.key for conflict in found.conflicts}
    for key in {*base, *one, *other, *found.values}:
        old, mine, theirs = (side.get(key, MISSING) for side in (base, one, other))
        now = found.values.get(key, MISSING)
        if not any(path[0] == key for path in fought) and not all_mappings(mine, theirs):
            assert same(now, theirs if same(mine, old) else mine)
            assert same(mine, old) or same(theirs, old) or same(mine, theirs)
        if (key,) in fought:
            assert same(now, old)
            assert not same(mine, theirs)


def all_mappings(*values: object) -> bool:
    return all(isinstance(value, Mapping) for value in values)


@given(TREES, TREES)
def test_changes_lead_from_one_to_the_other(before: dict[str, Value], after: dict[str, Value]) -> None:
    found = changes(before, after)
    assert same(applied(before, found), after)
    assert (found == {}) == same(before, after)


def test_a_conflict_says_what_each_side_has() -> None:
    base: dict[str, Value] = {"lr": 0.1, "model": {"width": 3, "depth": 2}}
    one: dict[str, Value] = {"lr": 0.2, "model": {"width": 4, "depth": 2}}
    other: dict[str, Value] = {"lr": 0.3, "model": {"width": 3}}
    found = merge(base, [one, other])
    assert found.conflicts == (Conflict(("lr",), 0.1, (0.2, 0.3)),)
    assert found.values == {"lr": 0.1, "model": {"width": 4}}


def test_a_mapping_that_one_side_replaced_is_one_conflict() -> None:
    found = merge({"m": {"a": 1}}, [{"m": 3}, {"m": {"a": 2}}])
    assert found.conflicts == (Conflict(("m",), {"a": 1}, (3, {"a": 2})),)
    assert merge({}, [{"m": {"a": 1}}, {"m": {"b": 2}}]).values == {"m": {"a": 1, "b": 2}}


def edited(base: Mapping[str, Value], edits: Mapping[str, Value | Missing]) -> dict[str, Value]:
    values = {**base, **edits}
    return {key: value for key, value in values.items() if not isinstance(value, Missing)}


def applied(tree: Mapping[str, Value], edits: Edits) -> dict[str, Value]:
    result = dict(tree)
    for key, value in edits.items():
        if len(key) > 1:
            inner = result[key[0]]
            assert isinstance(inner, Mapping)
            value = applied(inner, {key[1:]: value})
        result = edited(result, {key[0]: value})
    return result
