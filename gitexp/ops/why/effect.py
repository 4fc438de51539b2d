"""How a metric differs between two runs, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gitexp.errors import GitExpError
from gitexp.formats.making import not_comparable
from gitexp.model.reproduction import Measured
from gitexp.model.values import Scalar
from gitexp.ops.evaluations.comparing import Compared, clusters_of, compare_metric
from gitexp.ops.evaluations.matching import Matched, match
from gitexp.ops.evaluations.reading import Known as Tables
from gitexp.ops.evaluations.reading import all_suite_names, read_suites
from gitexp.ops.read import StoredRun
from gitexp.ops.repro.verdict import Known, measured
from gitexp.ops.why.makings import Makings
from gitexp.ops.why.score import Score

LEVEL = 0.05
"""Below it a p is no accident."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One metric in two runs."""

    old: Scalar
    new: Scalar
    differing: tuple[str, ...] = ()
    """Of `dataset` and `grader` those that are others: the two values cannot be compared as they stand."""
    matched: Matched | None = None
    """The examples next to each other; None where a run has no table of them."""
    compared: Compared | None = None
    """Over the examples that both have."""
    measured: Measured | None = None
    """By repeated runs or `noise`, where there are no examples to go by."""

    @property
    def comparable(self) -> bool:
        return not self.differing

    @property
    def verdict(self) -> str:
        """`better`, `worse`, `same`, `not significant`, or `unknown` where nothing says how sure it is."""
        one = self.compared
        if one is None:
            return _verdict(self.measured)
        if not one.changes:
            return "same"
        if one.p is None or one.p >= LEVEL or not one.effect.mean:
            return "not significant"
        return "better" if one.effect.mean > 0 else "worse"


def effect(
    makings: Makings,
    old: StoredRun,
    new: StoredRun,
    score: Score,
    repeated: Sequence[StoredRun] = (),
    tables: Tables | None = None,
) -> Effect:
    """What the metric of `score`, which is that of `new`, is in `old`, and how the two differ.

    `repeated` are runs that did what `new` did, whose values tell how much it varies.
    """
    before = old.record.metrics.get(score.key)
    suite = score.suite_name
    differing = not_comparable(makings.inputs(old), makings.inputs(new), suite)
    if score.suite is not None and score.metric is not None:
        found = _by_example(old, score, tables)
        if found is not None:
            matched, compared = found
            data = ["dataset"] if not matched.same_data else []
            # The examples themselves say more than what was noted of them.
            others = [*data, *(role for role in differing if role != "dataset")]
            return Effect(before, score.value, tuple(others), matched, compared)
    judged = _judged(old, new, score, repeated) if score.key in old.record.metrics else None
    return Effect(before, score.value, tuple(differing), measured=judged)


def _by_example(
    old: StoredRun, score: Score, tables: Tables | None
) -> tuple[Matched, Compared | None] | None:
    """None where the other run has no such table, or it cannot be read, which is remarked."""
    suite, metric = score.suite, score.metric
    assert suite is not None
    assert metric is not None
    try:
        if suite.name not in all_suite_names(old):
            return None
        (before,) = read_suites(old, [suite.name], known=tables)
    except GitExpError as error:
        old.repo.remark(f"the examples of run '{old.name}' cannot be shown: {error.message}")
        return None
    matched = match(before, suite)
    if before.metric(metric.name) is None:
        return matched, None
    groups = clusters_of(before, matched.common, None)
    return matched, compare_metric(before, suite, metric.name, [matched.common], groups)[0]


def _judged(old: StoredRun, new: StoredRun, score: Score, repeated: Sequence[StoredRun]) -> Measured:
    """The old value by what is known of the new one: that one was repeated."""
    known = Known(new.repo.settings.noise, [run.record.metrics for run in (new, *repeated)])
    one = measured(score.key, {score.key: score.value}, old.record.metrics, known)
    return replace(one, old=one.new, new=one.old)


def _verdict(one: Measured | None) -> str:
    if one is None:
        return "unknown"
    if one.verdict.value == "identical":
        return "same"
    if one.tolerance is None:
        return "unknown"
    return "not significant" if one.verdict.reproduced else "beyond noise"
