"""What a suite is able to see."""

from __future__ import annotations

from math import ceil, isfinite, sqrt

from gitexp.statistics.distributions import NORMAL


def detectable(se: float, *, confidence: float = 0.95, power: float = 0.8, one_sided: bool = False) -> float:
    """The least true difference that a comparison with this standard error finds with that power."""
    return _reach(confidence, power, one_sided) * se


def examples_needed(
    spread: float, difference: float, *, confidence: float = 0.95, power: float = 0.8, one_sided: bool = False
) -> int | None:
    """How many examples find `difference`, where the differences of examples have the variance `spread`.

    None where they are more than a number can be.
    """
    needed = _reach(confidence, power, one_sided) * sqrt(spread) / difference
    needed *= needed
    return max(2, ceil(needed)) if isfinite(needed) else None


def _reach(confidence: float, power: float, one_sided: bool) -> float:
    alpha = 1 - confidence
    return NORMAL.inv_cdf(1 - (alpha if one_sided else alpha / 2)) + NORMAL.inv_cdf(power)
