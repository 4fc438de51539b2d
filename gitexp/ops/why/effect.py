"""How a metric differs between two runs, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gitexp.errors import GitExpError
from gitexp.formats.making import not_comparable
from gitexp.model.evaluation import Suite
from gitexp.model.reproduction import Measured
from gitexp.model.roles import DATASET, GRADER
from gitexp.model.values import Scalar
from gitexp.ops.evaluations.comparable import unscored
from gitexp.ops.evaluations.comparing import (
    NOT_SIGNIFICANT,
    SAME,
    UNKNOWN,
    Compared,
    clusters_of,
    compare_metric,
)
from gitexp.ops.evaluations.directions import with_goals
from gitexp.ops.evaluations.matching import Matched, match
from gitexp.ops.evaluations.reading import Known as Tables
from gitexp.ops.evaluations.reading import all_suite_names, read_suites
from gitexp.ops.read import StoredRun
from gitexp.ops.repro.verdict import Known, measured
from gitexp.ops.spread import spread
from gitexp.ops.why.makings import Makings
from gitexp.ops.why.score import Score

NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True, slots=True)
class Effect:
    """One metric in two runs."""

    old: Scalar
    new: Scalar
    differing: tuple[str, ...] = ()
    """Of `dataset` and `grader` those that are others: the two values cannot be compared as they stand."""
    unscored: str | None = None
    """Why too many scores on one side alone say nothing of both."""
    matched: Matched | None = None
    """The examples next to each other; None where a run has no table of them."""
    compared: Compared | None = None
    """Over the examples that both have."""
    measured: Measured | None = None
    """By repeated runs or `noise`, where there are no examples to go by."""
    center: float | None = None
    """The mean of the repeated runs, which the other value is measured by; None where there are none."""

    @property
    def comparable(self) -> bool:
        return not self.obstacles

    @property
    def obstacles(self) -> list[str]:
        """Why the two values cannot be compared as they stand."""
        return [*(f"another {role}" for role in self.differing), *([self.unscored] if self.unscored else [])]

    @property
    def verdict(self) -> str:
        """`better`, `worse`, `same`, `not significant`, or `unknown` where nothing says how sure it is.

        `not comparable` with another grader, or with too many scores lacking; of other data what is common
        can be.
        """
        one = self.compared
        if GRADER in self.differing or self.unscored is not None:
            return NOT_COMPARABLE
        if one is None:
            return _verdict(self.measured)
        return one.verdict(one.p)


def effect(
    makings: Makings,
    old: StoredRun,
    new: StoredRun,
    score: Score,
    repeated: Sequence[StoredRun] = (),
    tables: Tables | None = None,
    old_repeated: Callable[[], Sequence[StoredRun]] = tuple,
) -> Effect:
    """What the metric of `score`, which is that of `new`, is in `old`, and how the two differ.

    `repeated` are runs that did what `new` did, whose values tell how much it varies; where there are none,
    those that did what `old` did are asked for.
    """
    before = old.record.metrics.get(score.key)
    suite = score.suite_name
    table = _table_of(old, score, tables)
    regraded = any(one.meta.history for one in (table, score.suite) if one is not None)
    differing = not_comparable(makings.inputs(old), makings.inputs(new), suite, regraded=regraded)
    if table is not None:
        table = replace(table, meta=with_goals(table.meta, new.repo.settings.goals))
        return _by_example(table, score, before, differing)
    found = Effect(before, score.value, tuple(differing))
    if score.key not in old.record.metrics:
        return found
    if not repeated and (others := old_repeated()):
        return _judged(found, old, new, score, [old, *others])
    return _judged(found, old, new, score, [new, *repeated])


def _table_of(old: StoredRun, score: Score, tables: Tables | None) -> Suite | None:
    """The suite in the other run; None where there is no table, or it cannot be read, which is remarked."""
    if score.suite is None or score.metric is None:
        return None
    try:
        if score.suite.name not in all_suite_names(old):
            return None
        return read_suites(old, [score.suite.name], known=tables)[0]
    except GitExpError as error:
        old.repo.remark(f"the examples of run '{old.name}' cannot be shown: {error.message}")
        return None


def _by_example(old: Suite, score: Score, before: Scalar, differing: Sequence[str]) -> Effect:
    suite, metric = score.suite, score.metric
    assert suite is not None
    assert metric is not None
    matched = match(old, suite)
    # The examples themselves say more than what was noted of them.
    others = ([] if matched.same_data else [DATASET]) + [role for role in differing if role != DATASET]
    found = Effect(before, score.value, tuple(others), matched=matched)
    if old.metric(metric.name) is None:
        return found
    groups = clusters_of(old, matched.common, None)
    one = compare_metric(old, suite, metric.name, [matched.common], groups)[0]
    return replace(found, compared=one, unscored=unscored(old, suite, one) if one else None)


def _judged(
    found: Effect, old: StoredRun, new: StoredRun, score: Score, alike: Sequence[StoredRun]
) -> Effect:
    """The value of one run by what is known of the other, which the runs `alike` begin with."""
    settings = new.repo.settings.noise
    values = [run.record.metrics for run in alike]
    before, after = old.record.metrics, {score.key: score.value}
    mean = spread([each.get(score.key) for each in values]).mean if score.key not in settings else None
    known = Known(settings, values)
    if alike[0] is old:
        return replace(found, measured=measured(score.key, before, after, known), center=mean)
    one = measured(score.key, after, before, known)
    return replace(found, measured=replace(one, old=one.new, new=one.old), center=mean)


def _verdict(one: Measured | None) -> str:
    if one is None:
        return UNKNOWN
    if one.verdict.value == "identical":
        return SAME
    if one.tolerance is None:
        return UNKNOWN
    return NOT_SIGNIFICANT if one.verdict.reproduced else "beyond noise"
