"""What is said of a metric: whether it is better, and whether that is more than chance."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gitexp.model.missing import MISSING
from gitexp.model.noise import Basis, Noise
from gitexp.ops.compare import Found, Measure
from gitexp.ops.reporting.measuring import Measured, Verdict, of_runs
from gitexp.statistics.estimate import welch


def of(old: Found, new: Found, goal: str | None = "max", **more: object) -> Measured:
    return Measured("acc", old, new, goal, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (of(1, 2), Verdict.BETTER),
        (of(2, 1), Verdict.WORSE),
        (of(1, 2, "min"), Verdict.WORSE),
        (of(2, 1, "min"), Verdict.BETTER),
        (of(1, 2, None), Verdict.CHANGED),
        (of(1, 1.0), Verdict.SAME),
        (of(math.nan, math.nan), Verdict.SAME),
        (of(1, math.nan), Verdict.WORSE),
        (of(1, -math.inf, None), Verdict.WORSE),
        (of(1, math.nan, sure=False), Verdict.WORSE),
        (of(math.nan, 1), Verdict.CHANGED),
        (of("a", "b"), Verdict.CHANGED),
        (of(MISSING, 1), Verdict.NEW),
        (of(1, MISSING), Verdict.GONE),
        (of(1, 2, sure=False), Verdict.CHANCE),
        (of(1, 2, None, sure=False), Verdict.CHANCE),
        (of(1, 2, sure=True), Verdict.BETTER),
        (of(10**400, 1), Verdict.CHANGED),
    ],
)
def test_a_verdict(found: Measured, verdict: Verdict) -> None:
    assert found.verdict is verdict


def test_a_share_is_of_the_size_of_the_old_value() -> None:
    assert of(-2, -1).relative == 0.5
    assert of(0, 1).relative is None
    assert of(True, 1).delta is None


def measured(olds: Sequence[float], news: Sequence[float], noise: dict[str, Noise] | None = None) -> Measured:
    return of_runs(Measure("acc", (olds[0], news[0]), "max"), olds, news, noise or {})


def test_two_that_are_equal_or_beyond_all_numbers_tell_no_noise() -> None:
    for olds, news in (([0.5, 0.5], [0.6]), ([1e200, 2e200], [3e200, 5e200])):
        found = measured(olds, news)
        assert (found.basis, found.sure, found.interval) == (Basis.NOTHING, None, None)


def test_without_a_repetition_nothing_tells_how_much_it_varies() -> None:
    found = measured([0.5], [0.6])
    assert (found.basis, found.sure, found.interval, found.verdict) == (
        Basis.NOTHING,
        None,
        None,
        Verdict.BETTER,
    )


def test_noise_that_is_stated_counts_more_than_repetitions() -> None:
    little, much = ({"acc": Noise(amount)} for amount in (0.05, 0.2))
    assert measured([0.5, 0.5], [0.6], little).sure is True
    found = measured([0.5, 0.5], [0.6], much)
    assert (found.basis, found.sure, found.verdict) == (Basis.NOISE, False, Verdict.CHANCE)
    assert measured([0.5], [0.6], {"acc": Noise(0.3, relative=True)}).sure is False


def test_repeated_runs_are_compared_by_their_means() -> None:
    found = measured([0.50, 0.52, 0.51], [0.60, 0.61])
    test = stats.ttest_ind([0.60, 0.61], [0.50, 0.52, 0.51], equal_var=False)
    assert (found.basis, found.told) == (Basis.REPEATED, "3 and 2 runs")
    assert (found.old, found.new) == (pytest.approx(0.51), pytest.approx(0.605))
    assert found.p == pytest.approx(test.pvalue, abs=1e-9)
    interval = test.confidence_interval(0.95)
    assert found.interval == pytest.approx((interval.low, interval.high), abs=1e-9)
    assert found.sure is True
    assert measured([0.5, 0.7, 0.4], [0.6]).verdict is Verdict.CHANCE


def test_runs_without_a_number_are_in_no_mean_and_told() -> None:
    found = measured([0.5, 0.52], [0.6, 0.61, math.nan])
    assert (found.new, found.told) == (pytest.approx(0.605), "2 and 2 runs, 1 without a number")
    found = measured([0.5, 0.52], [math.nan, 0.61])
    assert (found.verdict, found.told) == (Verdict.WORSE, "no number in 1 of 2 runs")
    assert measured([0.5], [math.inf]).told == "no number"


def test_repetitions_that_agree_to_the_last_digit_say_that_nothing_varies() -> None:
    assert measured([0.5] * 3, [0.6]).sure is True
    assert measured([0.5, 0.5], [0.5, 0.5]).verdict is Verdict.SAME


numbers = st.integers(-10_000, 10_000).map(lambda value: value / 100)


@given(st.lists(numbers, min_size=2, max_size=8), st.lists(numbers, min_size=2, max_size=8))
def test_two_samples_as_scipy_compares_them(before: list[float], after: list[float]) -> None:
    found = welch(before, after)
    if 1 in (len({*before}), len({*after})):  # SciPy warns of that
        assert (found.se is None) == (len({*before}) == len({*after}))
        return
    test = stats.ttest_ind(after, before, equal_var=False)
    assert found.p_value() == pytest.approx(test.pvalue, rel=1e-6, abs=1e-9)
    assert found.df == pytest.approx(test.df, rel=1e-6)


@given(st.lists(numbers, min_size=2, max_size=8), numbers)
def test_a_single_value_is_taken_to_vary_as_the_others(before: list[float], after: float) -> None:
    found = welch(before, [after])
    assert (found.se is None) == (len({*before}) == 1)
    if found.se is not None:
        test = stats.ttest_ind([after], before)
        assert found.p_value() == pytest.approx(test.pvalue, rel=1e-6, abs=1e-9)
