"""Scores replaced row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.errors import UsageError
from gitexp.model.evaluation import Direction, Kind, Metric, Result, State, Suite
from gitexp.ops.evaluations.rescoring import rescored
from tests.ops.evaluations.suites import suite


def scores(found: Suite) -> list[tuple[str, int, dict[str, float]]]:
    return [(one.id, one.epoch, dict(one.scores)) for one in found.results]


def with_states(found: Suite, states: Mapping[str, State]) -> Suite:
    rows = (replace(one, state=states.get(one.id, one.state)) for one in found.results)
    return replace(found, results=tuple(rows))


ROWS = st.dictionaries(st.sampled_from("abcd"), st.lists(st.sampled_from([0, 1]), min_size=1, max_size=2))


@given(ROWS.filter(bool), st.data())
def test_every_row_gets_its_new_score_and_the_old_ones_bring_back_what_was(
    rows: dict[str, list[int]], data: st.DataObject
) -> None:
    old = suite(rows)
    new = suite({id: [data.draw(st.sampled_from([0, 1])) for _ in values] for id, values in rows.items()})
    found = rescored(old, new)
    assert found.new.results == new.results
    assert found.whole
    assert {after.key for _, after in found.changes} == {
        a.key for a, b in zip(old.results, new.results, strict=True) if a != b
    }
    assert rescored(found.new, old).new == old
    assert rescored(old, old).changes == ()


def test_a_range_that_was_seen_goes_where_the_new_scores_are_beyond_it() -> None:
    counted = Metric("errors", Kind.BINARY, Direction.MIN, (0, 1), seen=True)
    old = suite({"a": [0], "b": [1]}, metric=counted)
    assert rescored(old, suite({"a": [1], "b": [1]}, metric=counted)).new.meta.metrics == (counted,)
    (found,) = rescored(old, suite({"a": [3], "b": [1]}, metric=counted)).new.meta.metrics
    assert found == Metric("errors", Kind.CONTINUOUS, Direction.MIN)


def test_rows_that_are_missing_or_unknown_are_refused_before_anything_else() -> None:
    old = suite({"a": [1], "b": [0], "c": [0]})
    with pytest.raises(
        UsageError, match=r"^no new score of example 'b' in epoch 1, 'c' in epoch 1$"
    ) as caught:
        rescored(old, suite({"a": [0]}))
    assert caught.value.hint == "take what there is: --partial"
    with pytest.raises(UsageError, match=r"^suite 'qa' has no answer to example 'x' in epoch 1$"):
        rescored(old, suite({"a": [0], "b": [0], "c": [0], "x": [1]}))
    found = rescored(old, suite({"a": [0], "x": [1]}), partial=True)
    assert scores(found.new) == [("a", 1, {"match": 0}), ("b", 1, {"match": 0}), ("c", 1, {"match": 0})]
    assert found.left_out == ("suite 'qa' has no answer to example 'x' in epoch 1",)
    assert not found.whole
    with pytest.raises(UsageError, match="no new score of suite 'qa' is a number"):
        rescored(old, Suite(old.meta.__class__("qa")), partial=True)


def test_who_names_no_epoch_means_the_only_one() -> None:
    old = suite({"a": [0]})
    later = replace(old, results=(Result("a", 7, {"match": 0}),))
    assert scores(rescored(later, suite({"a": [1]})).new) == [("a", 7, {"match": 1})]
    with pytest.raises(UsageError, match="no new score of example 'a' in epoch 2"):
        rescored(suite({"a": [0, 0]}), suite({"a": [1]}))


def test_a_row_that_went_wrong_in_grading_is_good_with_a_score_and_the_other_way_round() -> None:
    old = with_states(suite({"a": [0], "b": [1], "c": [1]}), {"a": State.ERROR, "c": State.LIMIT})
    given = with_states(suite({"a": [1], "b": [0], "c": [0]}), {"b": State.ERROR})
    rows = [replace(one, scores={}) if one.id == "b" else one for one in given.results]
    found = rescored(old, replace(given, results=tuple(rows)))
    assert [(one.state, dict(one.scores)) for one in found.new.results] == [
        (State.OK, {"match": 1}),
        (State.ERROR, {}),
        (State.LIMIT, {"match": 0}),
    ]


def test_other_metrics_stay_and_a_new_one_is_wanted_of_all_that_went_well() -> None:
    old = with_states(suite({"a": [0], "b": [1], "c": [1]}), {"c": State.ERROR})
    style = Metric("style", direction=Direction.MIN)
    found = rescored(old, suite({"a": [0.5], "b": [0.25]}, metric=style))
    assert scores(found.new) == [
        *(("a", 1, {"match": 0, "style": 0.5}), ("b", 1, {"match": 1, "style": 0.25}), ("c", 1, {"match": 1}))
    ]
    assert [one.name for one in found.new.meta.metrics] == ["match", "style"]
    assert not found.whole
    with pytest.raises(UsageError, match="no new score of example 'b'"):
        rescored(old, suite({"a": [0.5]}, metric=style))


def test_what_scores_mean_stays_unless_the_new_ones_are_none_of_its_kind() -> None:
    declared = Metric("match", Kind.BINARY, Direction.MIN, (0, 1), "errors")
    old = suite({"a": [0], "b": [1]}, metric=declared)
    assert rescored(old, suite({"a": [1], "b": [0]})).new.meta.metrics == (declared,)
    (metric,) = rescored(old, suite({"a": [0.5], "b": [0]})).new.meta.metrics
    assert metric == replace(declared, kind=Kind.ORDINAL)
    (metric,) = rescored(old, suite({"a": [7], "b": [0]})).new.meta.metrics
    assert metric == replace(declared, kind=Kind.CONTINUOUS, range=None)
