"""The rules of which checkpoints a run keeps, against what they say in plain words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.errors import UsageError
from gitexp.model.record import Keep
from gitexp.model.retention import Rule, group_of, kept, parse_rules

GOALS = {"loss": "min", "acc": "max", "val:f1": "max"}

values = st.dictionaries(
    st.sampled_from(sorted(GOALS)), st.integers(-3, 3) | st.floats(allow_nan=False, allow_infinity=False)
)
logged = st.lists(values, max_size=12).map(
    lambda found: [Keep("", f"step-{number}", number, one) for number, one in enumerate(found, 1)]
)
rules = st.lists(
    st.builds(Rule, st.integers(1, 5))
    | st.builds(Rule, st.integers(1, 5), st.just(True), st.none() | st.sampled_from(sorted(GOALS))),
    min_size=1,
    max_size=3,
)


def written(rule: Rule) -> str:
    metric = f"{rule.metric}:" if rule.metric else ""
    return f"best:{metric}{rule.count}" if rule.best else f"last:{rule.count}"


@given(rules)
def test_rules_are_read_as_they_are_written(found: list[Rule]) -> None:
    assert parse_rules(",".join(map(written, found))) == tuple(found)
    assert parse_rules(" , ".join(map(written, found))) == tuple(found)


@pytest.mark.parametrize(
    "text",
    [
        *("", "all", "last", "last:", "last:0", "last:-1", "last:1.5", "last:x", "last:loss:1", "best"),
        *("best:", "best:loss", "best:loss:", "best::1", "best:1,", ",best:1", "last:1;best:1", "first:1"),
        *("last:+1", "last:1_0", "last:٣", "last:9999999999", "LAST:1", "best:0", None, 3, ["last:1"]),
    ],
)
def test_nonsense_is_refused_with_what_to_write(text: object) -> None:
    with pytest.raises(UsageError, match="invalid rule") as raised:
        parse_rules(text)  # type: ignore[arg-type]
    assert raised.value.hint == "keep='last:2', 'best:1' or 'best:METRIC:1', joined by commas"


@given(logged, rules, st.none() | st.sampled_from(sorted(GOALS)), st.randoms())
def test_what_any_rule_keeps_is_kept_and_nothing_else(
    found: list[Keep], chosen: list[Rule], main: str | None, chance: object
) -> None:
    expected = {one.name for rule in chosen for one in found if keeps(rule, one, found, main)}
    chance.shuffle(shuffled := list(found))  # type: ignore[attr-defined]
    assert kept(shuffled, chosen, main, GOALS.get) == expected
    assert len(expected) <= sum(rule.count for rule in chosen)
    if found:
        assert expected


def keeps(rule: Rule, one: Keep, found: list[Keep], main: str | None) -> bool:
    """Whether fewer than so many are better than it."""
    return sum(beats(other, one, rule, main) for other in found) < rule.count


def beats(one: Keep, other: Keep, rule: Rule, main: str | None) -> bool:
    metric = rule.metric or main
    mine = one.values.get(metric) if rule.best and metric else None
    theirs = other.values.get(metric) if rule.best and metric else None
    if mine is None or theirs is None or mine == theirs:
        return one.number > other.number if (mine is None) == (theirs is None) else mine is not None
    return mine < theirs if GOALS[str(metric)] == "min" else mine > theirs


@given(logged, rules, st.sampled_from(sorted(GOALS)))
def test_choosing_among_the_chosen_changes_nothing(found: list[Keep], chosen: list[Rule], main: str) -> None:
    """So it does not matter whether it is done at each step or at the end."""
    names = kept(found, chosen, main, GOALS.get)
    assert kept([one for one in found if one.name in names], chosen, main, GOALS.get) == names
    step_by_step: list[Keep] = []
    for one in found:
        left = kept([*step_by_step, one], chosen, main, GOALS.get)
        step_by_step = [old for old in (*step_by_step, one) if old.name in left]
    assert {one.name for one in step_by_step} == names


def test_a_group_is_a_folder_or_else_a_kind() -> None:
    assert group_of("checkpoints/step-1.pt", "a") == group_of("checkpoints/step-2.pt", None)
    assert group_of("checkpoints/deep/step-1.pt", None) != group_of("checkpoints/step-1.pt", None)
    assert group_of("step-1.pt", "checkpoint") == group_of("step-2.pt", "checkpoint")
    assert group_of("step-1.pt", "checkpoint") != group_of("step-1.pt", None)
    assert group_of("a/x", None) != group_of("x", "a")
