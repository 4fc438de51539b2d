"""What being the best of many is worth by luck alone."""

from __future__ import annotations

import pytest
from scipy.integrate import quad
from scipy.stats import norm

from gitexp.statistics.luck import expected_largest


@pytest.mark.parametrize(
    ("n", "known"), [(1, 0.0), (2, 0.56419), (3, 0.84628), (10, 1.53875), (20, 1.86748), (100, 2.50759)]
)
def test_the_values_of_the_tables(n: int, known: float) -> None:
    assert expected_largest(n) == pytest.approx(known, abs=1e-5)


@pytest.mark.parametrize("n", [2, 7, 300, 10_000, 1_000_000])
def test_as_scipy_integrates_it(n: int) -> None:
    whole, _ = quad(lambda x: x * n * norm.pdf(x) * norm.cdf(x) ** (n - 1), -10, 20, epsabs=1e-12, limit=500)
    assert expected_largest(n) == pytest.approx(whole, abs=1e-9)
