"""What no other library says, and the edges."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.statistics.discordant import mid_p, sign_test, signed_ranks
from gitexp.statistics.epochs import noise_share, pass_all, pass_at
from gitexp.statistics.estimate import average, estimate
from gitexp.statistics.many import holm
from gitexp.statistics.power import detectable, examples_needed
from gitexp.statistics.resampling import bootstrap_ratio, percentile


def test_too_little_to_go_by_gives_no_interval():
    assert estimate([]) is None
    for values in ([1.0], [0.5, 0.5, 0.5]):
        found = estimate(values)
        assert found.se is None
        assert found.interval() is None
        assert found.p_value() is None
        assert not found.usable
    assert estimate([0.0, 1.0]).interval() is not None


def test_equal_values_have_exactly_their_mean():
    assert estimate([0.1] * 7).mean == 0.1


def test_few_clusters_are_told_and_not_relied_upon():
    few = estimate([0.0, 1.0, 1.0, 0.0], ["a", "a", "b", "c"])
    assert few.clusters == 3
    assert few.se
    assert not few.usable
    assert estimate([float(i % 3) for i in range(20)], [i % 10 for i in range(20)]).usable
    assert estimate([0.0, 1.0], ["a", "a"]).se is None


def test_one_example_a_cluster_is_no_cluster():
    values = [0.0, 1.0, 0.5, 1.0, 0.0]
    assert estimate(values, range(5)).se == pytest.approx(estimate(values).se)


def test_one_sided_bounds_lie_within_two_sided_ones():
    found = estimate([0.0, 1.0, 1.0, 0.0, 1.0])
    low, high = found.interval(0.95)
    assert low < found.below(0.95) < found.mean < found.above(0.95) < high
    assert found.below(0.975) == pytest.approx(low)


def test_no_difference_is_no_evidence():
    assert sign_test(0, 0) == 1.0
    assert mid_p(3, 3) == 1.0
    assert signed_ranks([0.0, 0.0]) is None


def test_mid_p_takes_half_of_what_was_seen():
    assert mid_p(5, 0) == pytest.approx(0.5**5)


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_passes_are_counted_over_all_draws(numbers):
    n, hits, k = numbers
    answers = [True] * hits + [False] * (n - hits)
    draws = list(itertools.combinations(answers, k))
    assert pass_at(n, hits, k) == pytest.approx(sum(map(any, draws)) / len(draws))
    assert pass_all(n, hits, k) == pytest.approx(sum(map(all, draws)) / len(draws))


def share(*answers: list[float]) -> float | None:
    return noise_share([sum(one) / len(one) for one in answers], [[one] for one in answers])


def test_epochs_tell_noise_from_difficulty():
    assert share([0.0, 0.0], [1.0, 1.0]) == 0.0
    assert share([0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]) == pytest.approx(0.75)
    assert share([0.0], [1.0]) is None
    assert share([1.0, 1.0], [1.0, 1.0]) is None
    # Two runs with equal seeds differ by less than the noise of either: it is not between their epochs.
    sides = [[0.0, 1.0]] * 60
    gains = [0.05 * (at % 2) for at in range(60)]
    assert noise_share(gains, [(one, one) for one in sides]) is None


def test_what_is_too_large_for_a_number_is_infinite_or_not_told():
    big = [1.7e308, -1.7e308, 1.7e308]
    found = estimate(big)
    assert (found.se, found.p_value()) == (float("inf"), 1.0)
    assert estimate(big, ["a", "b", "b"]).se == float("inf")
    assert average([1.7e308, 1.7e308, 1.4e308]) == pytest.approx(1.6e308)
    assert noise_share(big, [([1.7e308, -1.7e308],)] * 3) is None
    assert examples_needed(float("inf"), 0.1) is None
    assert examples_needed(1.0, 1e-300) is None


def test_what_is_needed_is_what_detects():
    spread, difference = 0.25, 0.05
    n = examples_needed(spread, difference)
    assert detectable(math.sqrt(spread / n)) <= difference < detectable(math.sqrt(spread / (n - 1)))
    assert detectable(1.0, one_sided=True) < detectable(1.0)


def test_holm_never_lets_a_greater_p_pass_before_a_smaller_one():
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([]) == []


def test_ratios_need_something_to_draw_from():
    assert bootstrap_ratio([1.0], [2.0]) is None
    assert bootstrap_ratio([0.0, 0.0], [1.0, 1.0]) is None
    assert bootstrap_ratio([1.0, 1.0], [2.0, 2.0]) == (2.0, 2.0)
    assert bootstrap_ratio([1.0, 1.0, 3.0], [2.0, 2.0, 3.0], ["a", "a", "a"]) is None


def test_percentiles_lie_between_values():
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([0.0, 10.0], 0.25) == 2.5
    assert percentile([1.0, math.inf, math.inf], 0.0) == 1.0
    assert {percentile([1.0, math.inf, math.inf], share) for share in (0.4, 0.6)} == {math.inf}
