"""Many tests at once: p values that allow for how many were made, in the order they came in."""

from __future__ import annotations

from collections.abc import Sequence


def holm(values: Sequence[float]) -> list[float]:
    """Step-down (Holm 1979): the chance of any false alarm stays below the level. For gates."""
    adjusted, worst = [0.0] * len(values), 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        worst = max(worst, min(1.0, values[index] * (len(values) - rank)))
        adjusted[index] = worst
    return adjusted


def benjamini_hochberg(values: Sequence[float]) -> list[float]:
    """Step-up (Benjamini and Hochberg 1995): of what is told, few are false alarms. For reports."""
    adjusted, least = [0.0] * len(values), 1.0
    order = sorted(range(len(values)), key=values.__getitem__, reverse=True)
    for rank, index in zip(range(len(values), 0, -1), order, strict=True):
        least = min(least, values[index] * len(values) / rank)
        adjusted[index] = least
    return adjusted
