"""Everything that SciPy or statsmodels can say, said the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import special, stats
from statsmodels.stats.multitest import multipletests

from gitexp.statistics import discordant, distributions, estimate, many, resampling

binary = st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), min_size=2, max_size=60)
real = st.lists(st.floats(-1e3, 1e3, allow_subnormal=False), min_size=2, max_size=60)
values = st.one_of(binary, real)


def close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


@given(st.floats(0.5, 1e5), st.floats(0.5, 1e5), st.floats(0, 1))
def test_the_incomplete_beta(a, b, x):
    assert math.isclose(
        distributions.incomplete_beta(a, b, x, 1 - x), special.betainc(a, b, x), rel_tol=1e-8, abs_tol=1e-10
    )


@given(st.floats(-50, 50), st.integers(1, 100_000))
def test_students_t(t, df):
    assert close(distributions.student_above(t, df), stats.t.sf(t, df))
    assert close(distributions.student_two_sided(t, df), 2 * stats.t.sf(abs(t), df))


@given(st.floats(0.001, 0.999), st.integers(1, 100_000))
def test_quantiles_of_students_t(p, df):
    assert close(distributions.student_quantile(p, df), stats.t.ppf(p, df))


@given(values, st.floats(0.5, 0.999))
def test_the_paired_t_test(differences, confidence):
    found = estimate.estimate(differences)
    assume(found.se is not None and np.std(differences) > 1e-9)
    theirs = stats.ttest_1samp(differences, 0.0)
    assert close(found.mean / found.se, theirs.statistic)
    assert close(found.p_value(), theirs.pvalue)
    low, high = theirs.confidence_interval(confidence)
    assert found.interval(confidence) == pytest.approx((low, high), rel=1e-9, abs=1e-9)
    assert close(found.p_greater(), stats.ttest_1samp(differences, 0.0, alternative="greater").pvalue)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-10, 10, allow_subnormal=False), st.integers(0, 8)), min_size=4, max_size=60)
)
def test_the_clustered_error(rows):
    differences, clusters = zip(*rows, strict=True)
    assume(len(set(clusters)) > 1 and np.std(differences) > 1e-6)
    found = estimate.estimate(differences, clusters)
    # Theirs corrects for the degrees of freedom of a regression as well, (n - 1) / (n - 1) with one constant.
    fit = sm.OLS(np.array(differences), np.ones(len(rows))).fit(
        cov_type="cluster", cov_kwds={"groups": np.array(clusters)}
    )
    assume(found.se is not None and found.se > 1e-9)
    assert math.isclose(found.se, float(fit.bse[0]), rel_tol=1e-9)
    assert found.df == len(set(clusters)) - 1


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_sign_test(wins, losses):
    if wins + losses:
        assert close(discordant.sign_test(wins, losses), stats.binomtest(wins, wins + losses, 0.5).pvalue)
    assert discordant.mid_p(wins, losses) <= discordant.sign_test(wins, losses)


@pytest.mark.parametrize("losses", [4_000, 4_999, 5_001, 24_800, 25_000])
def test_the_sign_test_of_very_many(losses):
    for total in (10_000, 10_001, 50_000):
        fewer = min(losses, total - losses)
        exact = stats.binom.cdf(fewer, total, 0.5)
        assert discordant.sign_test(total - losses, losses) == pytest.approx(min(1, 2 * exact), rel=1e-9)
        if 2 * fewer != total:
            expected = 2 * exact - stats.binom.pmf(fewer, total, 0.5)
            assert discordant.mid_p(total - losses, losses) == pytest.approx(expected, rel=1e-9)


@given(binary)
def test_signed_ranks(differences):
    found = discordant.signed_ranks(differences)
    if not any(differences):
        assert found is None
        return
    theirs = stats.wilcoxon(differences, zero_method="wilcox", correction=False, method="approx")
    assert close(found.p, theirs.pvalue)
    m = sum(1 for one in differences if one)
    assert min(found.above, m * (m + 1) / 2 - found.above) == theirs.statistic


many_p = st.lists(st.floats(0, 1), min_size=1, max_size=20)


@given(many_p)
def test_benjamini_and_hochberg(p):
    assert all(map(close, many.benjamini_hochberg(p), stats.false_discovery_control(p)))


@given(many_p)
@settings(max_examples=20)  # theirs takes a tenth of a second
def test_holm(p):
    assert all(map(close, many.holm(p), multipletests(p, method="holm")[1]))


def test_a_bootstrap_of_a_ratio_agrees_with_scipys():
    random = np.random.default_rng(1)
    before = random.lognormal(0, 1, 80)
    after = before * random.lognormal(0.1, 0.3, 80)
    theirs = stats.bootstrap(
        (before, after),
        lambda a, b, axis: np.sum(b, axis) / np.sum(a, axis),
        paired=True,
        method="percentile",
        random_state=random,
    ).confidence_interval
    low, high = resampling.bootstrap_ratio(list(before), list(after))
    assert low == pytest.approx(theirs.low, rel=0.03)
    assert high == pytest.approx(theirs.high, rel=0.03)
