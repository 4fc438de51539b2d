"""One metric in two runs, and whether the difference is more than chance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from gitexp.model.missing import MISSING
from gitexp.model.noise import Basis, Noise
from gitexp.model.values import Scalar, difference, is_finite, same
from gitexp.ops.compare import Found, Measure
from gitexp.ops.evaluations.comparing import LEVEL, Compared, few_clusters
from gitexp.ops.evaluations.diffing import Difference
from gitexp.statistics.estimate import FEWEST_ALIKE, average, welch


class Verdict(str, Enum):
    """What became of a metric."""

    BETTER = "better"
    WORSE = "worse"
    CHANCE = "within noise"
    """It is another, but by no more than it varies."""
    INCOMPARABLE = "not comparable"
    """Another grader, or too many answers without a score, say nothing of which is better."""
    SAME = "same"
    CHANGED = "changed"
    """Nothing tells which way it is better."""
    NEW = "new"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric in the base and in a run."""

    name: str
    """As in the record: `acc`, or `suite/metric`."""
    old: Found
    """Of repeated runs the mean, as `new` is."""
    new: Found
    goal: str | None = None
    """`min` or `max`; None where nothing tells which way it is better."""
    basis: Basis = Basis.NOTHING
    told: str = ""
    """The basis in a few words: `120 examples`."""
    interval: tuple[float, float] | None = None
    """Of the delta, at 95 %."""
    p: float | None = None
    adjusted: bool = False
    """Whether p allows for how many runs there are (Holm)."""
    sure: bool | None = None
    """Whether the difference is more than chance; None where nothing tells."""
    comparable: bool = True
    doubt: str | None = None
    """What is to be said of `goal`, where nobody said it."""

    @property
    def delta(self) -> float | None:
        """`new - old`, where both are finite numbers."""
        return difference(self.old, self.new)

    @property
    def relative(self) -> float | None:
        """The delta as a share of the old value."""
        if self.delta is None or not is_finite(self.old) or not self.old:
            return None
        return self.delta / abs(float(self.old))

    @property
    def verdict(self) -> Verdict:
        if self.old is MISSING or self.new is MISSING:
            return Verdict.NEW if self.old is MISSING else Verdict.GONE
        if not self.comparable:
            return Verdict.INCOMPARABLE
        if same(self.old, self.new) or self.delta == 0:
            return Verdict.SAME
        if is_finite(self.old) and _is_spoilt(self.new):
            return Verdict.WORSE
        if self.delta is None or self.goal is None:
            return Verdict.CHANCE if self.sure is False else Verdict.CHANGED
        if self.sure is False:
            return Verdict.CHANCE
        return Verdict.BETTER if (self.delta < 0) is (self.goal == "min") else Verdict.WORSE


def of_examples(found: Difference, one: Compared) -> Measured:
    """A metric of an evaluation, by the differences of its examples."""
    p = found.adjusted.get(one.metric.name, one.p)
    told = f"{one.effect.n} example{'' if one.effect.n == 1 else 's'}"
    if few_clusters(one) and one.clustered is not None:
        told += f", only {one.clustered.clusters} cluster{'' if one.clustered.clusters == 1 else 's'}"
    goal = one.metric.direction.value if one.metric.directed else None
    return Measured(
        name=f"{found.suite}/{one.metric.name}",
        old=one.old,
        new=one.new,
        goal=goal,
        basis=Basis.EXAMPLES,
        told=told,
        interval=one.delta_interval(),
        p=p,
        sure=None if p is None else p < LEVEL,
        adjusted=one.metric.name in found.adjusted,
        comparable=found.refused(one.metric.name) is None,
        doubt=one.metric.doubt,
    )


def of_runs(
    measure: Measure, olds: Sequence[Scalar], news: Sequence[Scalar], noise: Mapping[str, Noise]
) -> Measured:
    """A metric that stands in records alone, by what its noise is said to be, or by repeated runs.

    `olds` and `news` are its values in the runs that did the same as either, those of `measure` among them.
    """
    old, new = measure.values
    plain = Measured(measure.key, old, new, measure.goal)
    if not is_finite(old) or not is_finite(new):
        spoilt = is_finite(old) and _is_spoilt(new)
        return replace(plain, told=_without_number(news), sure=True) if spoilt else plain
    if measure.key in noise:
        off = abs(float(new) - float(old))
        told = noise[measure.key].around(float(old))
        return _with(plain, Basis.NOISE, f"noise {told:.3g}", sure=off > told)
    before, after = ([float(one) for one in side if is_finite(one)] for side in (olds, news))
    if max(len(before), len(after)) < 2:
        return plain
    found = welch(before, after)
    mean = Measured(measure.key, average(before), average(after), measure.goal)
    alike = found.se is None and max(len(before), len(after)) < FEWEST_ALIKE
    if alike or not math.isfinite(found.se or 0):
        return mean
    # That so many repetitions agree to the last digit says that nothing varies.
    p = found.p_value() if found.se is not None else 1.0 if found.mean == 0 else 0.0
    return _with(
        mean,
        Basis.REPEATED,
        f"{len(before)} and {len(after)} runs{_left_out([*olds, *news])}",
        sure=p is not None and p < LEVEL,
        interval=found.interval(),
        p=p if found.se is not None else None,
    )


def of_repetitions(measure: Measure) -> Measured:
    """A metric of two runs of the same: what they differ by is what it varies by."""
    old, new = measure.values
    return Measured(measure.key, old, new, measure.goal, Basis.REPEATED, "both repeat the same", sure=False)


def _is_spoilt(value: object) -> bool:
    """Whether it is NaN or infinite: whatever it was to say, it does not."""
    return isinstance(value, float) and not math.isfinite(value)


def _without_number(values: Sequence[Scalar]) -> str:
    lost = sum(not is_finite(one) for one in values)
    return f"no number in {lost} of {len(values)} runs" if len(values) > 1 else "no number"


def _left_out(values: Sequence[Scalar]) -> str:
    lost = sum(not is_finite(one) for one in values)
    return f", {lost} without a number" if lost else ""


def _with(
    one: Measured,
    basis: Basis,
    told: str,
    *,
    sure: bool,
    interval: tuple[float, float] | None = None,
    p: float | None = None,
) -> Measured:
    return Measured(one.name, one.old, one.new, one.goal, basis, told, interval=interval, p=p, sure=sure)
