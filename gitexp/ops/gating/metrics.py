"""Metrics of runs without examples: what repeated runs, or the project, say of their noise decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitexp.errors import UsageError
from gitexp.formats.making import not_comparable
from gitexp.formats.settings import Settings
from gitexp.gate.evidence import Effect, Refused, Spoilt
from gitexp.model.gate import Rules
from gitexp.model.noise import Basis
from gitexp.model.roles import DATASET, GRADER
from gitexp.model.values import Scalar, is_finite
from gitexp.ops.alike import Finished
from gitexp.ops.best import snippet
from gitexp.ops.bisect.judging import number_of
from gitexp.ops.goals import goal_of
from gitexp.ops.read import StoredRun
from gitexp.statistics.estimate import FEWEST_ALIKE, Estimate, average, variance, welch

_FEWEST_OF_ONE = 3
"""Repetitions from which the noise of a system is told where both runs are among them."""


class Repetitions:
    """The runs that did what each of the two did, looked for once."""

    def __init__(self, old: StoredRun, new: StoredRun, first: StoredRun | None = None) -> None:
        """`first` is a run that `new` repeats: what that has told is not told again."""
        self.old, self.new, self.first = old, new, first
        self._found: tuple[list[StoredRun], list[StoredRun]] | None = None

    def values(self, metric: str) -> tuple[list[float], list[float], int]:
        """Of both sides, with the run itself, and how many were no numbers and are left out."""
        if self._found is None:
            self._found = self._look()
        old, new = ([_number(run.record.metrics.get(metric)) for run in side] for side in self._found)
        lost = [*old, *new].count(None)
        return [one for one in old if one is not None], [one for one in new if one is not None], lost

    def _look(self) -> tuple[list[StoredRun], list[StoredRun]]:
        finished = Finished(self.old.repo)
        old = finished.witnesses(self.old)
        if self.first is None:
            return old, finished.witnesses(self.new)
        return [run for run in old if run.name != self.first.name], [self.new]

    @property
    def same(self) -> bool:
        """Whether the one repeats the other."""
        assert self._found is not None
        return self.new.name in {run.name for run in self._found[0]}


def plain_metrics(
    old: StoredRun,
    new: StoredRun,
    metrics: Sequence[str],
    settings: Settings,
    rules: Rules,
    first: StoredRun | None = None,
) -> Iterator[Effect | Refused | Spoilt]:
    """What is known of each; goals and noise are those of `settings`.

    None is compared where both runs tell their data, or what graded them, and it is not the same. Raises
    UsageError where it is not known which way a metric is better. `first` is a run that `new` repeats.
    """
    other = not_comparable(old.whole.inputs, new.whole.inputs, None) if metrics else []
    allowed = {DATASET: rules.allow_dataset_change, GRADER: rules.allow_grader_change}
    refused = [role for role in other if not allowed[role]]
    notes = tuple(f"another {role}, which is allowed" for role in other)
    repetitions = Repetitions(old, new, first)
    for metric in metrics:
        if refused:
            hint = f"git exp why {new.name} --vs {old.name}"
            yield Refused(metric, f"another {' and another '.join(refused)}", hint)
        else:
            yield _plain_metric(old, new, metric, settings, repetitions, notes)


def _plain_metric(
    old: StoredRun,
    new: StoredRun,
    metric: str,
    settings: Settings,
    repetitions: Repetitions,
    notes: tuple[str, ...],
) -> Effect | Refused | Spoilt:
    lacking = next((run for run in (old, new) if metric not in run.record.metrics), None)
    if lacking is not None:
        return Refused(metric, f"run {lacking.name} does not have it", f"git exp show {lacking.name}")
    before, after = (run.record.metrics[metric] for run in (old, new))
    left, right = _number(before), _number(after)
    if left is None:
        return Refused(metric, f"it is {_shown(before)} in the baseline", f"git exp show {old.name}")
    if right is None:
        if number_of(after) is None:
            return Refused(metric, f"it is {_shown(after)}, which is no number", f"git exp show {new.name}")
        return Spoilt(metric, f"it is {_shown(after)}")
    goal = goal_of(metric, settings.goals)
    if goal is None:
        raise UsageError(f"which way metric {metric!r} is better is not known", hint=snippet(metric))
    if metric not in settings.goals:
        notes = (*notes, f"that {_BETTER[goal]} is better is guessed from the name")
    return _effect(metric, left, right, -1 if goal == "min" else 1, settings, repetitions, notes)


_BETTER = {"max": "more", "min": "less"}


def _effect(
    metric: str,
    old: float,
    new: float,
    sign: int,
    settings: Settings,
    repetitions: Repetitions,
    notes: tuple[str, ...],
) -> Effect:
    noise = settings.noise.get(metric)
    if noise is not None:
        told = f"noise {noise} as .gitexp.yaml says"
        tolerance = noise.around(old)
        gain = sign * (new - old)
        return Effect(metric, old, new, gain, Basis.NOISE, tolerance=tolerance, notes=(*notes, told))
    before, after, lost = repetitions.values(metric)
    if repetitions.same:
        found = _of_one(old, new, before)
    else:
        found = welch(before, after) if max(len(before), len(after)) > 1 else None
    count = max(len(before), len(after))
    if found is not None and found.se is None and count < FEWEST_ALIKE:
        # Two that came out alike may have done so by chance.
        notes = (*notes, f"{count} runs that gave the same are too few to tell its noise")
        found = None
    if found is None:
        return Effect(metric, old, new, sign * (new - old), Basis.NOTHING, notes=notes)
    if repetitions.same:
        told = f"both repeat the same; noise of {len(before)} runs"
    else:
        old, new = average(before), average(after)
        told = f"means of {len(before)} and {len(after)} runs that did the same"
    if lost:
        told += f", {lost} without a number left out"
    estimate = Estimate(sign * found.mean, found.n, found.se, found.df)
    return Effect(
        metric,
        old,
        new,
        estimate.mean,
        Basis.REPEATED,
        found.n,
        (estimate,),
        notes=(*notes, told),
    )


def _of_one(old: float, new: float, values: Sequence[float]) -> Estimate | None:
    """The difference between two runs of one system, whose noise all of its runs tell."""
    if len(values) < _FEWEST_OF_ONE:
        return None
    se = (2 * variance(values)) ** 0.5
    return Estimate(new - old, 1, se or None, len(values) - 1)


def _number(value: Scalar | None) -> float | None:
    return float(value) if is_finite(value) else None


def _shown(value: Scalar) -> str:
    found = number_of(value)
    return f"{found:g}" if found is not None else repr(value)[:80]
