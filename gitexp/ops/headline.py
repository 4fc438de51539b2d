"""Which metrics of a run tell most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeGuard

from gitexp.model.calls import SUMS
from gitexp.model.values import Scalar
from gitexp.ops.goals import DETAILS, goal_of

_LEADING = ("acc", "f1", "auc", "score", "reward", "loss", "error", "perplexity")
_COSTS = frozenset(SUMS.values())
_SHOWN = 3
_BEYOND = 10**300


def headline(metrics: Mapping[str, Scalar]) -> str:
    """The few metrics that tell most, as text."""
    numbers = {k: v for k, v in metrics.items() if _is_short(v) and not k.endswith(DETAILS)}
    chosen = leading_first(numbers)[:_SHOWN]
    return ", ".join(f"{' '.join(name.split())[:40]} {numbers[name]:.4g}" for name in chosen)


def deciding(metrics: Mapping[str, Scalar], goals: Mapping[str, str]) -> list[str]:
    """The numbers among `metrics` of which it is known which way they are better, those first that tell most.

    Those that have a goal in `goals` come first, as they stand there.
    """
    numbers = [key for key, value in metrics.items() if type(value) in (int, float)]
    known = [key for key in leading_first(numbers) if goal_of(key, goals)]
    return list(dict.fromkeys((*(key for key in goals if key in numbers), *known)))


def leading_first(names: Iterable[str]) -> list[str]:
    """Names of metrics, those that usually tell most first, and last what calls of models have cost."""
    return sorted(names, key=lambda name: (name in _COSTS, name.endswith(DETAILS), _rank(name), name))


def _is_short(value: Scalar) -> TypeGuard[int | float]:
    """Whether it is a number that four digits can tell: some whole ones are beyond every float."""
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) < _BEYOND
    return isinstance(value, float)


def _rank(name: str) -> int:
    lower = name.lower()
    hits = [position for position, word in enumerate(_LEADING) if word in lower]
    return min(hits, default=len(_LEADING)) * 2 + ("train" in lower)
