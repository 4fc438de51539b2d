"""How often a comparison tells of a difference where there is none: near 5 % it should be, of 100.

Two systems that are equally good answer the same questions: binary scores, the difficulty of a question
normal on the scale of logits, that of its cluster on top of it. Settings as `git exp eval diff` chooses them.
Then the same of `git exp gate`, with what it sees of a system that really is worse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import exp
from random import Random
from statistics import NormalDist
from typing import NamedTuple, TypeAlias

from benchmarks._measure import Chosen, Comparison, tell
from gitexp.gate.deciding import decide
from gitexp.gate.evidence import Effect, Evidence
from gitexp.model.gate import Mode, Outcome, Rules
from gitexp.model.noise import Basis, Noise
from gitexp.statistics.discordant import mid_p
from gitexp.statistics.estimate import estimate

NOMINAL = 0.05
SIMULATIONS, QUICK = 1000, 60
DIFFICULTY = 3.0
"""The standard deviation of the logit of a right answer."""
BUDGET = 1.6
"""What chance adds to 5 % of 1,000 is a third of it at most; small numbers of clusters add some."""

MISSED = 0.27
"""Of drops by 5 points, which 400 such examples do not show: what normal theory says of them."""

CONFIRMED = 0.012
"""Of two tests of 5 %, one-sided, that share the answers of the baseline, and so are correlated by a half."""
_CONFIRMED_TIMES = 5
"""Times as many simulations: it is rare."""

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
    for asked in _GATES:
        random = Random(asked.name)
        share = sum(asked.counts(random) for _ in range(times)) / times
        budget = None if chosen.quick else BUDGET
        yield tell(asked.name, "nominal", [(share, asked.nominal)], budget=budget, unit=100, mark="%")
    name, count = "gate --confirm: false FAIL, 400 examples", times * _CONFIRMED_TIMES
    random = Random(name)
    share = sum(_fails_twice(random, 400) for _ in range(count)) / count
    budget = None if chosen.quick else BUDGET
    yield tell(name, "nominal", [(share, CONFIRMED)], budget=budget, unit=100, mark="%")


class Gate(NamedTuple):
    """How often a gate says something that it should say seldom."""

    name: str
    nominal: float
    outcome: Outcome
    drop: float = 0.0
    """By how much the new system really is worse."""
    rules: Rules = Rules()
    metrics: int = 1
    clusters: int = 400
    size: int = 1
    spread: float = 0.0

    def counts(self, random: Random) -> bool:
        effects = [self._effect(str(number), random) for number in range(self.metrics)]
        return decide(Evidence(effects), self.rules).outcome is self.outcome

    def _effect(self, metric: str, random: Random) -> Effect:
        rows = _differences(random, self.clusters, self.size, self.spread, 1, worse=_shift(self.drop))
        return _effect_of(metric, rows[0], rows[1] if self.size > 1 else None)


def _effect_of(metric: str, differences: Sequence[float], clusters: Sequence[int] | None = None) -> Effect:
    found = estimate(differences, clusters)
    assert found is not None
    return Effect(metric, 0.5, 0.5 + found.mean, found.mean, Basis.EXAMPLES, found.n, (found,), width=1.0)


def _fails_twice(random: Random, examples: int) -> bool:
    """Whether a run of a system that is as good fails, and the same once more against the same baseline."""
    levels = [random.gauss(0, DIFFICULTY) for _ in range(examples)]
    old = [_mean(random, level, 1) for level in levels]

    def fails() -> bool:
        rows = [_mean(random, level, 1) - was for level, was in zip(levels, old, strict=True)]
        return decide(Evidence([_effect_of("m", rows)]), Rules()).outcome is Outcome.FAIL

    return fails() and fails()


_MARGIN = Rules(mode=Mode.NONINFERIOR, max_drop=Noise(0.05))
_GATES = (
    Gate("gate: false FAIL, 400 examples", NOMINAL, Outcome.FAIL),
    Gate("gate: any false FAIL, 4 metrics, 400 examples", NOMINAL, Outcome.FAIL, metrics=4),
    Gate("gate: false FAIL, 50 clusters of 10", NOMINAL, Outcome.FAIL, clusters=50, size=10, spread=2.0),
    Gate("gate: drop of 5 points not seen, 400 examples", MISSED, Outcome.PASS, drop=0.05),
    Gate("gate: noninferior passes a drop as great as its margin", NOMINAL, Outcome.PASS, 0.05, _MARGIN),
)


def _shift(drop: float) -> float:
    """By how much less, in logits, a system is right in `drop` fewer cases; half are right without."""
    levels = [NormalDist(0, DIFFICULTY).inv_cdf((n + 0.5) / 200) for n in range(200)]
    low, high = 0.0, 10.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        lost = 0.5 - sum(_chance(level - middle) for level in levels) / len(levels)
        low, high = (middle, high) if lost < drop else (low, middle)
    return low


def _differences(
    random: Random, clusters: int, size: int, spread: float, epochs: int, worse: float = 0.0
) -> tuple[list[float], list[int]]:
    """What each example differs by between the two, and its cluster; `worse` is in logits."""
    found: list[float] = []
    for _ in range(clusters):
        # Each system has its own luck with a cluster; neither is better.
        shifts = [random.gauss(0, spread) for _ in range(2)]
        for _ in range(size):
            base = random.gauss(0, DIFFICULTY)
            one = _mean(random, base + shifts[0], epochs)
            other = _mean(random, base + shifts[1] - worse, epochs)
            found.append(other - one)
    return found, [index // size for index in range(clusters * size)]


def _mean(random: Random, logit: float, epochs: int) -> float:
    chance = _chance(logit)
    return sum(random.random() < chance for _ in range(epochs)) / epochs


def _chance(logit: float) -> float:
    return 1 / (1 + exp(-max(-30.0, min(30.0, logit))))


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
