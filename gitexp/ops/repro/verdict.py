"""How a repetition compares with the run that it repeats, metric by metric and input by input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitexp.formats.settings import Noise
from gitexp.model.names import RunName
from gitexp.model.record import Input, Record, RunInfo
from gitexp.model.reproduction import Fate, InputChange, Measured, Reproduction, Verdict, worst
from gitexp.model.values import Oid, Scalar, is_finite, same
from gitexp.ops.compare import input_identities
from gitexp.ops.spread import spread

DEVIATIONS = 3
"""So many standard deviations of repeated runs from their mean still are noise."""
_ROUNDING = 1e-9
"""What the subtraction of two decimal fractions may be off."""


@dataclass(frozen=True, slots=True)
class Known:
    """What tells how much a metric varies."""

    noise: Mapping[str, Noise]
    """What `.gitexp.yaml` says."""
    repeated: Sequence[Mapping[str, Scalar]]
    """The metrics of runs that did the same, the reproduced one among them."""


def judge(
    name: RunName,
    commit: Oid,
    old: Record,
    new: Record,
    known: Known,
    on: Oid | None = None,
    lacking: Sequence[str] = (),
) -> Reproduction:
    """The verdict on `new`, which reproduces the run `name` at `commit`; `lacking` is not as it was."""
    metrics = {
        metric: measured(metric, old.metrics, new.metrics, known)
        for metric in sorted({*old.metrics, *new.metrics})
    }
    return Reproduction(
        name=name,
        commit=commit,
        verdict=worst([*(one.verdict for one in metrics.values()), *_of_end(old.info, new.info)]),
        on=on,
        metrics=metrics,
        inputs=_changes(old.inputs, new.inputs),
        lacking=tuple(lacking),
    )


def _of_end(old: RunInfo, new: RunInfo) -> Iterator[Verdict]:
    """A command that ended in another way did not do the same, whatever it had logged by then."""
    codes = old.exit_code, new.exit_code
    if old.status is not new.status or (None not in codes and codes[0] != codes[1]):
        yield Verdict.DIFFERENT


def measured(metric: str, olds: Mapping[str, Scalar], news: Mapping[str, Scalar], known: Known) -> Measured:
    if metric not in news:
        return Measured(Verdict.MISSING, old=olds[metric])
    if metric not in olds:
        return Measured(Verdict.NEW, new=news[metric])
    old, new = olds[metric], news[metric]
    if same(old, new):
        return Measured(Verdict.IDENTICAL, old, new)
    if not is_finite(old) or not is_finite(new):
        return Measured(Verdict.DIFFERENT, old, new)
    if metric in known.noise:
        tolerance = known.noise[metric].around(float(old))
        return _within(old, new, float(old), tolerance, "noise in .gitexp.yaml")
    found = spread([one.get(metric) for one in known.repeated])
    if found.mean is None or found.std is None:
        return Measured(Verdict.DIFFERENT, old, new)
    told = f"{DEVIATIONS} standard deviations of {found.n} runs"
    return _within(old, new, found.mean, DEVIATIONS * found.std, told)


def _within(old: Scalar, new: int | float, center: float, tolerance: float, how: str) -> Measured:
    off = abs(float(new) - center)
    slack = _ROUNDING * tolerance
    verdict = Verdict.NOISE if off <= tolerance + slack and tolerance > 0 else Verdict.DIFFERENT
    return Measured(verdict, old, new, tolerance, how)


def _changes(olds: Sequence[Input], news: Sequence[Input]) -> dict[str, InputChange]:
    """The inputs that are not the same in both."""
    old, new = input_identities(olds), input_identities(news)
    changes: dict[str, InputChange] = {}
    for key in sorted({*old, *new}):
        if key not in new:
            changes[key] = InputChange(Fate.GONE, old=old[key])
        elif key not in old:
            changes[key] = InputChange(Fate.NEW, new=new[key])
        elif not same(old[key], new[key]):
            changes[key] = InputChange(Fate.CHANGED, old[key], new[key])
    return changes
