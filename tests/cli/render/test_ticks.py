from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitexp.cli.render.ticks import duration_labels, labels, moment_labels, powers_of_ten, round_numbers

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def test_round_numbers() -> None:
    assert round_numbers(0, 60, 4) == [0, 20, 40, 60]
    assert [round(one, 9) for one in round_numbers(0.19, 0.75, 8)] == [0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    assert round_numbers(3, 3, 4) == [3]


@given(FINITE, FINITE, st.integers(2, 12))
def test_marks_are_few_and_within(one: float, other: float, most: int) -> None:
    low, high = sorted((one, other))
    marks = round_numbers(low, high, most)
    assert 1 <= len(marks) <= most
    assert len(labels(marks)) == len(marks)
    if high / 2 - low / 2 < 8e307:
        assert all(low - (high - low) / 10 <= mark <= high + (high - low) / 10 for mark in marks)


def test_powers_of_ten() -> None:
    assert powers_of_ten(-3, 2, 10) == [-3, -2, -1, 0, 1, 2]
    assert powers_of_ten(-3, 2, 3) == [-3, -1, 1]
    assert len(powers_of_ten(0.1, 0.5, 4)) > 1
    assert powers_of_ten(400, 400.5, 4) == [400]


def test_labels_tell_marks_apart() -> None:
    assert labels([0.0, 0.5, 1.0]) == ["0", "0.5", "1"]
    assert labels([1000.1, 1000.2]) == ["1000.1", "1000.2"]
    assert labels([-0.0]) == ["0"]


def test_durations_and_moments() -> None:
    assert duration_labels([0, 3600, 7200]) == ["0h", "1h", "2h"]
    assert duration_labels([0, 90]) == ["0s", "90s"]
    assert moment_labels([0, 86400]) == ["1970-01-01", "1970-01-02"]
    assert moment_labels([86000, 87000]) == ["01-01 23:53", "01-02 00:10"]
    assert moment_labels([0, 60]) == ["00:00", "00:01"]
    assert moment_labels([0, 1]) == ["00:00:00", "00:00:01"]
    assert moment_labels([0, 0.25]) == ["00:00:00.000", "00:00:00.250"]
