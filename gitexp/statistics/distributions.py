"""Student's t, from the regularized incomplete beta function."""

from __future__ import annotations

from math import exp, inf, isinf, lgamma, log, log1p, nan, pi, sqrt
from statistics import NormalDist

_PRECISE = 1e-16
_TINY = 1e-300
_MOST = 100_000
"""Terms of the continued fraction; it needs about the square root of the degrees of freedom."""

NORMAL = NormalDist()


def incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """I_x(a, b), for a and b above 0: DLMF 8.17.22, by Lentz's method.

    `rest` is 1 - x, known better than a subtraction would tell where x is close to 1.
    """
    if x <= 0 or rest <= 0:
        return 0.0 if x <= 0 else 1.0
    front = exp(a * log(x) + b * log(rest) + lgamma(a + b) - lgamma(a) - lgamma(b))
    # The fraction converges fast below the mean of the distribution.
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, rest) / b


def _fraction(a: float, b: float, x: float) -> float:
    upper = 1.0
    lower = 1 / _away(1 - (a + b) * x / (a + 1))
    value = lower
    for m in range(1, _MOST):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            lower = 1 / _away(1 + term * lower)
            upper = _away(1 + term / upper)
            value *= lower * upper
        if abs(lower * upper - 1) < _PRECISE:
            break
    return value


def _away(value: float) -> float:
    """Away from 0, which is divided by."""
    return value if abs(value) > _TINY else _TINY


def student_two_sided(t: float, df: float) -> float:
    """P(|T| >= |t|) for `df` degrees of freedom."""
    if t != t:
        return nan
    if isinf(t):
        return 0.0
    whole = df + t * t
    return incomplete_beta(df / 2, 0.5, df / whole, t * t / whole)


def student_above(t: float, df: float) -> float:
    """P(T >= t)."""
    half = student_two_sided(t, df) / 2
    return half if t >= 0 else 1 - half


def student_quantile(p: float, df: float) -> float:
    """The t that T is below with probability `p`, for 0 < p < 1: by Newton's method between bounds."""
    if p < 0.5:
        return -student_quantile(1 - p, df)
    above = 1 - p
    low, high = 0.0, 1.0
    while student_above(high, df) > above:
        low, high = high, high * 2
        if high > 1e300:
            return inf
    t = min(max(NORMAL.inv_cdf(p), low), high) if p < 1 else inf
    for _ in range(200):
        excess = student_above(t, df) - above
        low, high = (t, high) if excess > 0 else (low, t)
        step = t + excess / _density(t, df)
        better = step if low < step < high else (low + high) / 2
        if abs(better - t) <= 1e-15 * max(1.0, abs(t)):
            return better
        t = better
    return t


def _density(t: float, df: float) -> float:
    scale = exp(lgamma((df + 1) / 2) - lgamma(df / 2)) / sqrt(df * pi)
    return max(scale * exp(-(df + 1) / 2 * log1p(t * t / df)), _TINY)
