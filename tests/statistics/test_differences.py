from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.statistics.differences import differences
from gitexp.statistics.estimate import estimate

finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("step", [0.1, -0.1, 0.25, 1e-6])
def test_what_changed_by_the_same_does_not_vary(step):
    chance = random.Random(1)
    before = [chance.random() for _ in range(60)]
    found = differences(before, [one + step for one in before])
    assert len(set(found)) == 1
    assert found[0] == pytest.approx(step, abs=1e-15)
    assert estimate(found).se is None


def test_rounding_alone_is_no_change():
    assert differences([0.3, 0.3], [0.1 + 0.2, 0.3 + 1e-12]) == [0.0, pytest.approx(1e-12, rel=1e-3)]


def test_the_same_both_ways_is_one_size():
    up, down = differences([0.2, 0.4], [0.3, 0.3])
    assert up == -down == pytest.approx(0.1)


def test_small_differences_stand_beside_great_numbers():
    assert differences([1e300, 0.5, 0.5], [1e300, 0.6, 0.7])[1:] == [
        pytest.approx(0.1),
        pytest.approx(0.2),
    ]
    assert differences([1e9, 0], [1e9 + 1, 1e-3]) == [1, 1e-3]
    assert differences([-1.7e308], [1.7e308])[0] > 1e308


@given(st.lists(st.tuples(finite, finite), max_size=40))
def test_nothing_but_rounding_is_lost(pairs):
    before, after = [one for one, _ in pairs], [other for _, other in pairs]
    found = differences(before, after)
    for (old, new), one in zip(pairs, found, strict=True):
        limit = 1e-14 * max(abs(old), abs(new)) + 1e-5 * min(abs(one), 1.7e308)
        assert abs(one - min(1.7976931348623157e308, max(-1.7976931348623157e308, new - old))) <= limit
    assert [-one for one in differences(after, before)] == found
