"""How many examples or epochs would find a difference, from what past runs of the suite differed by."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from math import sqrt

from gitexp.errors import GitExpError, NotFound
from gitexp.model.evaluation import Suite
from gitexp.ops.evaluations.comparing import Compared, compare
from gitexp.ops.evaluations.reading import Known, read_suites
from gitexp.ops.read import StoredRun
from gitexp.ops.select import RunSubject
from gitexp.query.words import METRICS
from gitexp.statistics.power import detectable, examples_needed

MOST_RUNS = 20
"""The newest runs that are looked at."""
_TIMES = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Option:
    """What so many epochs would do."""

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
    variance: float
    """Of the differences of examples, the median over the pairs."""
    noise: float | None
    """The share of it that epochs would take away; None where no example was answered more than once, or runs
    share their noise."""
    options: tuple[Option, ...]
    """That of now first, then those with more epochs, where they help."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What was reckoned, and which runs could not be read."""

    plans: tuple[Plan, ...]
    broken: tuple[GitExpError, ...]


def plan(runs: Sequence[StoredRun], suite: str, difference: float, power: float) -> Planned:
    """For each metric of the suite, from the newest of `runs`, which are newest first, that have it.

    Raises NotFound where fewer than two have, or none of them differ.
    """
    tables: list[Suite] = []
    broken: list[GitExpError] = []
    known: Known = {}
    for run in islice(_having(runs, suite), MOST_RUNS):
        try:
            tables += read_suites(run, [suite], known=known)
        except GitExpError as error:
            broken.append(error)
    if len(tables) < 2:
        told = f"{len(tables) or 'no'} run{'s' * (not tables)}"
        raise NotFound(
            f"{told} with results of suite {suite!r}: it takes two to differ", hint="git exp eval import PATH"
        )
    differing: dict[str, list[Compared]] = {}
    for new, old in pairwise(tables):
        for one in compare(old, new).metrics:
            if one.best_estimate.se is not None:
                differing.setdefault(one.metric.name, []).append(one)
    if not differing:
        raise NotFound(
            f"no two runs of suite {suite!r} differ in what could be compared",
            hint=f"git exp eval show @ --suite {suite}",
        )
    plans = (_plan(name, differing[name], tables[0], difference, power) for name in sorted(differing))
    return Planned(tuple(plans), tuple(broken))


def _having(runs: Sequence[StoredRun], suite: str) -> Iterator[StoredRun]:
    """Those with means of the suite, which the index knows."""
    now = time.time()
    for run in runs:
        if any(key.startswith(f"{suite}/") for key in RunSubject(run, now).keys(METRICS)):
            yield run


def _plan(name: str, found: Sequence[Compared], newest: Suite, difference: float, power: float) -> Plan:
    typical = sorted(found, key=_variance)[len(found) // 2]
    variance, noise, epochs = _variance(typical), typical.noise, max(typical.epochs)
    n = max(1, len(newest.examples))
    options = []
    for times in _TIMES if noise else _TIMES[:1]:
        left = variance * (1 - (noise or 0) * (1 - 1 / times))
        least = detectable(sqrt(left / n), power=power)
        needed = (
            None if _is_beyond(newest, name, difference) else examples_needed(left, difference, power=power)
        )
        options.append(Option(epochs * times, least, needed))
    return Plan(name, n, len(found), variance, noise, tuple(options))


def _is_beyond(suite: Suite, name: str, difference: float) -> bool:
    """Whether a metric cannot differ by as much: it has no such values."""
    metric = suite.metric(name)
    ends = metric.ends if metric else None
    return ends is not None and difference > ends[1] - ends[0]


def _variance(one: Compared) -> float:
    """Of the differences of examples, as if they were independent."""
    se = one.best_estimate.se
    assert se is not None
    return se * se * one.effect.n
