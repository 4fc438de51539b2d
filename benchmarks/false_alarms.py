"""How often a comparison tells of a difference where there is none: near 5 % it should be, of 100.

Two systems that are equally good answer the same questions: binary scores, the difficulty of a question
normal on the scale of logits, that of its cluster on top of it. Settings as `git exp eval diff` chooses them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import exp
from random import Random
from typing import TypeAlias

from benchmarks._measure import Chosen, Comparison, tell
from gitexp.statistics.discordant import mid_p
from gitexp.statistics.estimate import estimate

NOMINAL = 0.05
SIMULATIONS, QUICK = 1000, 60
DIFFICULTY = 3.0
"""The standard deviation of the logit of a right answer."""
BUDGET = 1.6
"""What chance adds to 5 % of 1,000 is a third of it at most; small numbers of clusters add some."""

Test: TypeAlias = Callable[[Sequence[float], Sequence[int]], float | None]


def main(chosen: Chosen) -> Iterator[Comparison]:
    """The share of false alarms against the nominal one."""
    times = QUICK if chosen.quick else SIMULATIONS
    for name, clusters, size, spread, epochs, test in (
        ("paired t, 200 examples", 200, 1, 0.0, 1, _plain),
        ("McNemar mid-p, 200 examples", 200, 1, 0.0, 1, _mid_p),
        ("clustered t, 50 clusters of 10", 50, 10, 2.0, 1, _clustered),
        ("clustered t, 10 clusters of 50", 10, 50, 1.0, 1, _clustered),
        ("paired t, 200 examples, 5 epochs each", 200, 1, 0.0, 5, _plain),
    ):
        random = Random(name)
        alarms = sum(
            _alarm(test, *_differences(random, clusters, size, spread, epochs)) for _ in range(times)
        )
        pairs = [(alarms / times, NOMINAL)]
        yield tell(name, "nominal", pairs, budget=None if chosen.quick else BUDGET, unit=100, mark="%")


def _differences(
    random: Random, clusters: int, size: int, spread: float, epochs: int
) -> tuple[list[float], list[int]]:
    """What each example differs by between the two, and its cluster."""
    found: list[float] = []
    for _ in range(clusters):
        # Each system has its own luck with a cluster; neither is better.
        shifts = [random.gauss(0, spread) for _ in range(2)]
        for _ in range(size):
            base = random.gauss(0, DIFFICULTY)
            one, other = (_mean(random, base + shift, epochs) for shift in shifts)
            found.append(other - one)
    return found, [index // size for index in range(clusters * size)]


def _mean(random: Random, logit: float, epochs: int) -> float:
    chance = 1 / (1 + exp(-max(-30.0, min(30.0, logit))))
    return sum(random.random() < chance for _ in range(epochs)) / epochs


def _alarm(test: Test, differences: Sequence[float], clusters: Sequence[int]) -> bool:
    p = test(differences, clusters)
    return p is not None and p < NOMINAL


def _plain(differences: Sequence[float], _: Sequence[int]) -> float | None:
    found = estimate(differences)
    return found.p_value() if found else None


def _clustered(differences: Sequence[float], clusters: Sequence[int]) -> float | None:
    found = estimate(differences, clusters)
    return found.p_value() if found else None


def _mid_p(differences: Sequence[float], _: Sequence[int]) -> float | None:
    return mid_p(sum(one > 0 for one in differences), sum(one < 0 for one in differences))
