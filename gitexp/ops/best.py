"""The best run by a metric: `best` and `best:METRIC`, where a run is named."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final, TypeAlias

from gitexp.errors import NotFound, UnknownKey, UsageError
from gitexp.formats.settings import FILE
from gitexp.model.record import Status
from gitexp.ops.goals import goal_of
from gitexp.ops.headline import leading_first
from gitexp.ops.read import StoredRun
from gitexp.ops.select import RunSubject
from gitexp.query import Field
from gitexp.query.evaluation import look_up
from gitexp.query.fault import nearest
from gitexp.query.words import AGGREGATES, METRICS, RUN
from gitexp.repo import Repository

_EXTREME: Final = {"max": "greatest", "min": "least"}
_STATUS: Final = Field(RUN, "status")
_STARTED: Final = Field(RUN, "started")
_PLAIN: Final = re.compile(r"[a-z][a-z0-9_/.-]*", re.ASCII | re.IGNORECASE)

_Number: TypeAlias = tuple[int | float, Any, str, StoredRun]


@dataclass(frozen=True, slots=True)
class BestRun:
    """The run that is best, and by what."""

    run: StoredRun
    metric: str
    """As a query knows it below `metrics.`: `acc`, or `acc.max`."""
    value: int | float
    goal: str
    """`min` or `max`."""
    how: str
    """A sentence: by which metric and goal, and who said so or that it was guessed."""


def best(
    repo: Repository,
    runs: Sequence[StoredRun],
    metric: str | None = None,
    goal: str | None = None,
    goals: Mapping[str, str] | None = None,
) -> BestRun:
    """The finished run with the best value of `metric`, or of the metric that says most.

    That is the first one in the goals of `.gitexp.yaml` that a finished run has; else, of the metrics whose
    name tells which way is better, the leading one that at least half as many runs have as any other.
    `goal` is which way `metric` is better where the settings do not say. `goals` are those of other settings
    than the working tree's.
    A value that is NaN, infinite, or no number never wins; of equal ones the newest run does.
    Raises NotFound where no run has finished, UnknownKey, and UsageError where no goal is known.
    """
    now = time.time()
    everyone = (RunSubject(run, now) for run in runs)
    subjects = [one for one in everyone if one.get(_STATUS) == Status.FINISHED.value]
    if not subjects:
        raise NotFound("no run is best: none has finished", hint="git exp ls")
    written = repo.settings.goals if goals is None else goals
    goals = {metric: goal, **written} if metric is not None and goal is not None else written
    if metric is None:
        key, found = _leading(subjects, goals)
    else:
        key = metric.removeprefix(f"{METRICS}.")
        found = _numbers(subjects, key)
    if not found:
        raise _unknown(subjects, key)
    chosen = _goal(key, goals)
    if chosen is None:
        raise UsageError(f"which way metric {key!r} is better is not known", hint=snippet(key))
    value, _, _, run = max(found, key=lambda one: (one[0] if chosen == "max" else -one[0], *one[1:3]))
    how = _sentence(run, key, value, chosen, written, told=goal is not None)
    return BestRun(run, key, value, chosen, how)


def _leading(subjects: Sequence[RunSubject], goals: Mapping[str, str]) -> tuple[str, list[_Number]]:
    """The metric to go by where none is named, and who has what of it."""
    counts = Counter(key for subject in subjects for key in subject.keys(METRICS))
    enough = max((count for key, count in counts.items() if _goal(key, goals)), default=0) / 2
    known = [key for key, count in counts.items() if count >= enough and _goal(key, goals)]
    for key in (*goals, *leading_first(known)):
        found = _numbers(subjects, key)
        if found:
            return key, found
    numeric = next((key for key in leading_first(counts) if _numbers(subjects, key)), None)
    if numeric is None:
        raise NotFound("no run is best: no finished run has a number as metric", hint="git exp ls")
    raise UsageError("which metric to go by is not known", hint=snippet(numeric))


def _numbers(subjects: Iterable[RunSubject], key: str) -> list[_Number]:
    """What can win: the value, when the run started, its name, and the run."""
    field = Field(METRICS, key)
    found: list[_Number] = []
    for subject in subjects:
        value = look_up(subject, field)
        if type(value) is int or (type(value) is float and isfinite(value)):
            found.append((value, subject.get(_STARTED), subject.run.name, subject.run))
    return found


def _goal(key: str, goals: Mapping[str, str]) -> str | None:
    """What the goals say of `key` or of the metric that it is an aggregate of; else what the name says."""
    metric, _, last = key.rpartition(".")
    if key in goals or not metric or last not in AGGREGATES:
        return goal_of(key, goals)
    # At which step it was is neither good nor bad.
    return None if "step" in last else goal_of(metric, goals)


def _sentence(
    run: StoredRun, key: str, value: int | float, goal: str, goals: Mapping[str, str], *, told: bool
) -> str:
    said = key in goals or key.rpartition(".")[0] in goals
    why = f"as {FILE} says" if said else "which way is better is guessed from the name"
    why = "as its suite says" if told and not said else why
    number = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f"best by {key}, {why}: {run.name} has the {_EXTREME[goal]}, {number}"


def _unknown(subjects: Sequence[RunSubject], key: str) -> UnknownKey:
    known = {name for subject in subjects for name in subject.keys(METRICS)}
    near = nearest(key, known - {key})
    return UnknownKey(
        f"no finished run has a number as metric {key!r}",
        hint=f"did you mean 'best:{near}'?" if near else "git exp ls",
    )


def snippet(key: str) -> str:
    """What to write into the settings, so that it is known which way a metric is better."""
    name = key if _PLAIN.fullmatch(key) else json.dumps(key)
    return f"write into {FILE}: goals: {{{name}: max}}"
