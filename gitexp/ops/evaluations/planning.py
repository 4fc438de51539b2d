"""How many examples or epochs would find a difference, from what past runs of the suite differed by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from gitexp.errors import NotFound
from gitexp.model.evaluation import Suite
from gitexp.ops.evaluations.comparing import Compared, compare
from gitexp.ops.evaluations.reading import read_suites, suite_names
from gitexp.ops.read import StoredRun
from gitexp.statistics.power import detectable, examples_needed

MOST_RUNS = 20
"""The newest runs that are looked at."""
_TIMES = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class More:
    """What so many times the epochs would do."""

    epochs: int
    detectable: float
    """With as many examples as now."""
    examples: int | None
    """That are needed; None where no number is enough."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One metric of a suite."""

    metric: str
    examples: int
    """How many the newest run has."""
    pairs: int
    """How many pairs of runs it is reckoned from."""
    spread: float
    """The variance of the differences of examples, the median over the pairs."""
    noise: float | None
    """The share of it that epochs would take away."""
    options: tuple[More, ...]


def plan(runs: Sequence[StoredRun], suite: str, difference: float, power: float) -> list[Plan]:
    """For each metric of the suite, from the newest of `runs` that have it, newest first.

    Raises NotFound where fewer than two have, or none of them differ.
    """
    having = islice((run for run in runs if suite in suite_names(run)), MOST_RUNS)
    tables = [table for run in having for table in read_suites(run, [suite]) if table.examples]
    if len(tables) < 2:
        raise NotFound(f"fewer than two runs have the suite {suite!r}", hint="git exp eval import PATH")
    known: dict[str, list[Compared]] = {}
    for new, old in pairwise(tables):
        for one in compare(old, new).metrics:
            if one.effect.se is not None:
                known.setdefault(one.metric.name, []).append(one)
    if not known:
        raise NotFound(
            f"no two runs of the suite {suite!r} differ", hint=f"git exp eval show @ --suite {suite}"
        )
    return [_plan(name, found, tables[0], difference, power) for name, found in known.items()]


def _plan(name: str, found: Sequence[Compared], newest: Suite, difference: float, power: float) -> Plan:
    spreads = sorted(((_spread(one), one) for one in found), key=lambda pair: pair[0])
    spread, typical = spreads[len(spreads) // 2]
    noise, epochs, n = typical.noise, max(typical.epochs), len(newest.examples)
    options = []
    for times in _TIMES if noise is not None else (1,):
        left = spread * (1 - (noise or 0) * (1 - 1 / times))
        least = detectable((left / n) ** 0.5, power=power)
        options.append(More(epochs * times, least, examples_needed(left, difference, power=power)))
    return Plan(name, n, len(found), spread, noise, tuple(options))


def _spread(one: Compared) -> float:
    se = one.best_estimate.se
    assert se is not None
    return se * se * one.effect.n
