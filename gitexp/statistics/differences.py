"""What two numbers differ by, without what is rounding alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import copysign
from sys import float_info

from gitexp.statistics.estimate import ROUNDING

_NEAR = 1e-6
"""As a share of the difference: whatever was subtracted, what is farther apart is not the same."""


def differences(before: Sequence[float], after: Sequence[float]) -> list[float]:
    """Each of `after` less that of `before`; those that only rounding tells apart are one.

    0.3 - 0.2 and 0.2 - 0.1 differ in the last digit: taken as they are, all that changed by the same would
    seem to vary, and nothing would tie. What is beyond all numbers is the greatest of them.
    """
    slack = [ROUNDING * max(abs(old), abs(new)) for old, new in zip(before, after, strict=True)]
    found = [_difference(*pair) for pair in zip(before, after, slack, strict=True)]
    for alike in _alike([abs(one) for one in found], slack):
        size = min((abs(found[at]) for at in alike), key=lambda one: (len(repr(one)), one))
        for at in alike:
            found[at] = copysign(size, found[at])
    return found


def _difference(old: float, new: float, slack: float) -> float:
    change = min(float_info.max, max(-float_info.max, new - old))
    return change if abs(change) > slack else 0.0


def _alike(sizes: Sequence[float], slack: Sequence[float]) -> Iterator[list[int]]:
    """The places of sizes that are the same but for rounding, where there are several."""
    order = sorted((at for at, size in enumerate(sizes) if size), key=sizes.__getitem__)
    alike = order[:1]
    for last, at in pairwise(order):
        gap = sizes[at] - sizes[last]
        if gap > min(max(slack[last], slack[at]), _NEAR * sizes[at]):
            if len(alike) > 1:
                yield alike
            alike = []
        alike.append(at)
    if len(alike) > 1:
        yield alike
