from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.model.missing import MISSING
from gitexp.ops.spread import spread

# numpy squares: of what is nearer to 0 nothing is left there.
FLOATS = st.floats(-1e9, 1e9).filter(lambda one: not one or abs(one) > 1e-140)


@given(st.lists(FLOATS, min_size=2, max_size=20))
def test_it_is_what_numpy_says(values: list[float]) -> None:
    found = spread(values)
    assert found.mean is not None
    assert found.std is not None
    greatest = max(map(abs, values))
    assert found.mean == pytest.approx(np.mean(values), rel=1e-12, abs=1e-12 * greatest)
    assert found.std == pytest.approx(np.std(values, ddof=1), rel=1e-9, abs=1e-12 * greatest)
    assert (found.min, found.max) == (min(values), max(values))


def test_what_is_no_finite_number_is_counted() -> None:
    found = spread([1.0, math.nan, math.inf, 10**400, None, True, "x", MISSING, 2])
    assert (found.n, found.mean, found.nonfinite, found.missing) == (2, 1.5, 3, 4)
    assert spread([math.nan]) == (0, None, None, None, None, 1, 0)
    assert spread([0.1]) == (1, 0.1, None, 0.1, 0.1, 0, 0)


@pytest.mark.parametrize("number", [0.1, 1e308, 5e-324, -1e200, 0.0])
def test_equal_numbers_have_no_deviation(number: float) -> None:
    found = spread([number] * 3)
    assert (found.mean, found.std) == (number, 0.0)


def test_neither_great_nor_small_numbers_overflow() -> None:
    assert spread([1e308, -1e308, 1e308]).std == pytest.approx(2 / 3**0.5 * 1e308)
    assert spread([1e-200, 3e-200]).std == pytest.approx(2**0.5 * 1e-200)
