"""`meta.yaml` of a suite as git merges it."""

from __future__ import annotations

from typing import Any

import pytest

from gitexp.merge.eval_meta import merge

SUITE: dict[str, Any] = {
    **{"format": 1, "suite": "qa", "examples": 5, "epochs": 1, "errors": 0},
    "metrics": {"match": {"kind": "binary", "direction": "max", "range": [0, 1]}},
    **{"reducer": "mean", "on_error": "exclude"},
    "source": {"tool": "inspect", "version": "0.3", "digest": "sha256:aa"},
    "reported": {"match/accuracy": 0.5},
}
SHARD = {**SUITE, "source": {**SUITE["source"], "digest": "sha256:bb"}}


def test_of_two_shards_stands_what_both_say_and_no_count_or_mean_of_either() -> None:
    found = merge({}, SUITE, SHARD)
    assert found == merge({}, SHARD, SUITE)
    assert found == {
        **{"format": 1, "suite": "qa", "metrics": SUITE["metrics"], "reducer": "mean"},
        **{"on_error": "exclude", "source": {"tool": "inspect", "version": "0.3"}},
    }


def test_what_is_guessed_of_a_direction_is_guessed_of_both_shards() -> None:
    def shard(**metric: Any) -> dict[str, Any]:
        return {**SUITE, "metrics": {"match": {"direction": "max", **metric}}}

    binary = shard(kind="binary", range=[0, 1], guessed="values")
    wide, said = shard(kind="continuous", guessed="nobody"), shard(kind="binary")
    for sides, guess in (((binary, wide), "nobody"), ((binary, said), None), ((wide, said), None)):
        for found in (merge({}, *sides), merge({}, *reversed(sides))):
            assert found is not None
            assert found["metrics"]["match"].get("guessed") == guess  # type: ignore[index,call-overload,union-attr]


def test_a_range_that_was_only_seen_stands_as_such_where_no_side_says_it() -> None:
    def shard(**metric: Any) -> dict[str, Any]:
        return {**SUITE, "metrics": {"errors": {"direction": "min", **metric}}}

    bounds: dict[str, Any] = {"range": [0, 1]}
    seen, steps = shard(kind="binary", **bounds, seen=True), shard(kind="ordinal", **bounds, seen=True)
    said, wide = shard(kind="binary", **bounds), shard(kind="continuous")
    for other, kind, told in (
        (seen, "binary", {**bounds, "seen": True}),
        (steps, "ordinal", {**bounds, "seen": True}),
        (said, "binary", bounds),
        (wide, "continuous", {}),
    ):
        for found in (merge({}, seen, other), merge({}, other, seen)):
            assert found is not None
            assert found["metrics"] == {"errors": {"kind": kind, "direction": "min", **told}}


def test_kinds_that_were_guessed_from_either_shard_become_that_which_holds_both() -> None:
    other = {
        **SUITE,
        "metrics": {"match": {"kind": "continuous", "direction": "max"}, "f1": {"kind": "count"}},
    }
    for found in (merge({}, SUITE, other), merge({}, other, SUITE)):
        assert found is not None
        assert found["metrics"] == {
            "match": {"kind": "continuous", "direction": "max"},
            "f1": {"kind": "count"},
        }


@pytest.mark.parametrize(
    "other",
    [
        {**SUITE, "metrics": {"match": {**SUITE["metrics"]["match"], "direction": "min"}}},
        {**SUITE, "metrics": {"match": {**SUITE["metrics"]["match"], "kind": "count"}}},
        {**SUITE, "on_error": "zero"},
        {**SUITE, "source": {"tool": "promptfoo"}},
        {**SUITE, "metrics": "none"},
    ],
)
def test_what_scores_mean_is_never_chosen(other: dict[str, Any]) -> None:
    assert merge({}, SUITE, other) is None
    assert merge(SUITE, SUITE, other) == other


def test_edits_of_one_suite_are_merged_by_key() -> None:
    ours = {**SUITE, "errors": 1, "warnings": ["w1"], "history": [{"reason": "one"}]}
    theirs = {**SUITE, "cluster": "topic", "history": [{"reason": "two"}]}
    found = merge(SUITE, ours, theirs)
    assert found == {
        **{**SUITE, "errors": 1, "cluster": "topic", "warnings": ["w1"]},
        "history": [{"reason": "one"}, {"reason": "two"}],
        "mixed": True,
    }
    assert found == merge(SUITE, theirs, ours)
    # One side's scores are nobody else's.
    for other in (SUITE, {**SUITE, "cluster": "topic"}):
        assert "mixed" not in (merge(SUITE, ours, other) or {"mixed": 0})
    # One error more on either side may be two, or the same one.
    both = merge(SUITE, ours, {**theirs, "errors": 1})
    assert both is not None
    assert "errors" not in both
