"""Everything that is to be known of one run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from gitexp.errors import BrokenRecord
from gitexp.git.refs import read_ref, run_ref
from gitexp.model.completeness import Completeness
from gitexp.model.history import MISSING, Series, Step
from gitexp.model.record import Record
from gitexp.model.values import Oid, Scalar
from gitexp.ops import audit
from gitexp.ops.alike import Finished
from gitexp.ops.baseline_refs import baselines_of
from gitexp.ops.commit import CHECKPOINT_TRAILER
from gitexp.ops.evaluations.reading import Brief, briefs
from gitexp.ops.goals import goal_of
from gitexp.ops.headline import leading_first
from gitexp.ops.read import StoredRun
from gitexp.ops.recorded import own_commits
from gitexp.ops.repro.found import Repeat, reproductions_of


@dataclass(frozen=True, slots=True)
class Trend:
    """A series in short."""

    name: str
    rows: int
    first_step: Step
    last_step: Step
    last: Scalar
    min: float | int | None
    """Of the finite values; None where there is none."""
    max: float | int | None
    values: Sequence[Scalar]
    goal: str | None = None
    """`min` or `max`; None where nothing tells which way is better."""
    best: float | int | None = None
    """The least or the greatest finite value, as the goal asks; None without a goal."""
    best_step: Step = None
    """Where the best value was logged first."""


@dataclass(frozen=True, slots=True)
class Examined:
    run: StoredRun
    record: Record
    """The whole one."""
    trends: tuple[Trend, ...]
    """Those of the metrics that tell most first."""
    stale: str | None
    """Why the record does not speak for the code that it stands beside; None where it does."""
    checkpoints: tuple[Checkpoint, ...] = ()
    """Oldest first."""
    repeats: tuple[Repeat, ...] = ()
    """The runs that reproduce it, newest first."""
    suites: tuple[Brief, ...] = ()
    """The evaluations that it holds, in short."""
    has_ref: bool = True
    """Whether plain git knows the run as `exp/<name>`; not so where only an archive holds it."""
    evidence_for: Oid | None = None
    """The commit that was asked for, where it is none of the run's own; `stale` is about its code then."""
    baselines: tuple[str, ...] = ()
    """Which baselines the run is."""
    completeness: Completeness | None = None
    """As far as the run tells, and those that reproduce it; None where it cannot be found out."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    number: int
    commit: Oid


def examine_run(run: StoredRun, stale: str | None = None, evidence_for: Oid | None = None) -> Examined:
    """A run in full; why it is stale, and for which commit it stands, whoever found it knows.

    Raises NotFound or BrokenRecord.
    """
    repo = run.repo
    record = run.whole
    # What was abandoned by a resumption is no part of how the run went.
    history = run.history().without([(one.kept, one.rows) for one in record.info.resumed])
    goals = repo.settings.goals
    trends = (
        trend(history.series(name), goal_of(name, goals))
        for name in leading_first(history.columns)
        if any(cell is not MISSING for cell in history.columns[name])
    )
    has_ref = read_ref(repo.git, run_ref(run.name)) is not None
    return Examined(
        run,
        record,
        tuple(trends),
        stale,
        tuple(_checkpoints(run)),
        reproductions_of(repo, run.name),
        _suites(run),
        has_ref,
        evidence_for,
        baselines=tuple(baselines_of(repo).get(run.name, ())),
        completeness=completeness_of(run, is_stale=stale is not None),
    )


def _suites(run: StoredRun) -> tuple[Brief, ...]:
    """The evaluations in short; one that cannot be read does not hide the rest of the run."""
    try:
        return tuple(briefs(run))
    except BrokenRecord as error:
        run.repo.remark(error.message)
        return ()


def completeness_of(
    run: StoredRun, *, is_stale: bool, finished: Finished | None = None
) -> Completeness | None:
    """How completely it is known what the run came from; None where that cannot be told.

    Repetitions are looked for among those that are `finished`.
    """
    # To look at one run must not cost more where there are many.
    among_all = finished is not None
    try:
        return audit.of(run.repo, run, stale=is_stale, among_all=among_all, finished=finished)
    except BrokenRecord:  # that is told with the evaluations
        return None


def trend(series: Series, goal: str | None = None) -> Trend:
    """A series of at least one row in short."""
    finite = {step: v for step, v in enumerate(series.values) if _is_finite(v)}
    least = min(finite.values(), default=None)
    greatest = max(finite.values(), default=None)
    best = {"min": least, "max": greatest}.get(goal or "")
    first = next((index for index, value in finite.items() if value == best), None)
    return Trend(
        name=series.name,
        rows=len(series),
        first_step=series.steps[0],
        last_step=series.steps[-1],
        last=series.values[-1],
        min=least,
        max=greatest,
        values=series.values,
        goal=goal,
        best=best,
        best_step=None if first is None else series.steps[first],
    )


def _checkpoints(run: StoredRun) -> list[Checkpoint]:
    """The checkpoints below the tip, as far as its chain of commits is the run's own."""
    chain = own_commits(run.repo.reader, run.name, run.commit)
    numbers = ((told.get(CHECKPOINT_TRAILER, ""), commit) for commit, told in chain)
    found = [Checkpoint(int(number), commit) for number, commit in numbers if number.isdecimal()]
    return found[::-1]


def _is_finite(value: Scalar) -> TypeGuard[int | float]:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)
