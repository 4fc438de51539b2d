"""What evaluations tell a gate, example by example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from gitexp.formats.making import graded_by
from gitexp.gate.evidence import Effect, Errors, Guarded, Refused, Spent
from gitexp.model.evaluation import Metric, OnError, Suite
from gitexp.model.gate import MustPass, OnErrors, Rules
from gitexp.model.noise import Basis
from gitexp.model.roles import GRADER
from gitexp.ops.evaluations.comparable import impossible, too_few
from gitexp.ops.evaluations.comparing import Compared, compare, few_clusters
from gitexp.ops.evaluations.diffing import other_grader
from gitexp.ops.evaluations.directions import with_goals
from gitexp.ops.evaluations.matching import Matched, match
from gitexp.ops.evaluations.reading import Known, all_suite_names, read_suites
from gitexp.ops.gating.guards import check_meant, guarded, meant
from gitexp.ops.gating.spending import spent
from gitexp.ops.read import StoredRun
from gitexp.statistics.estimate import FEWEST_CLUSTERS, Estimate


@dataclass(slots=True)
class Tables:
    """What was found in the suites that were looked at."""

    metrics: list[Effect | Refused] = field(default_factory=list)
    guards: list[Guarded] = field(default_factory=list)
    costs: list[Spent] = field(default_factory=list)
    errors: list[Errors] = field(default_factory=list)
    meant: set[MustPass] = field(default_factory=set)
    """The rules that examples of the baseline are meant by, whether or not their suite can be compared."""


def read_tables(
    old: StoredRun,
    new: StoredRun,
    suites: Mapping[str, Sequence[str]],
    rules: Rules,
    goals: Mapping[str, str],
) -> Tables:
    """The metrics of each suite. Raises BrokenRecord, NewerFormat, UsageError, UnknownKey."""
    found = Tables()
    known: Known = {}
    having = [set(all_suite_names(run)) for run in (old, new)]
    for name, metrics in suites.items():
        before, after = (
            read_suites(run, [name], known=known)[0] if name in names else None
            for run, names in zip((old, new), having, strict=True)
        )
        if before is not None:
            before = replace(before, meta=with_goals(before.meta, goals))
            found.meant |= meant(before, rules.must_pass)
        if before is None or after is None:
            lacking = old if before is None else new
            told = f"run {lacking.name} has no results of suite {name}, example by example"
            found.metrics += _refused(name, metrics, told, f"git exp eval show {lacking.name}")
        else:
            _add(found, (old, new), before, after, metrics, rules)
    if any(isinstance(one, Effect) for one in found.metrics):
        check_meant(rules.must_pass, found.meant, old.name)
    return found


def _add(
    found: Tables,
    runs: tuple[StoredRun, StoredRun],
    before: Suite,
    after: Suite,
    metrics: Sequence[str],
    rules: Rules,
) -> None:
    old, new = (_with_policy(one, before, rules) for one in (before, after))
    matched = match(old, new)
    found.errors.append(errors_of(after))
    grader = _other_grader(runs, old, new)
    why = _why_not(matched, rules, grader)
    if why is not None:
        hint = f"git exp eval diff {runs[0].name} {runs[1].name} --suite {old.name}"
        found.metrics += _refused(old.name, metrics, why, hint)
        return
    names = [name for name in metrics if old.metric(name) and new.metric(name)]
    missing = [name for name in metrics if name not in names]
    found.metrics += _refused(old.name, missing, "not both runs have it", f"git exp eval show {runs[1].name}")
    if names:
        comparison = compare(old, new, metrics=names, cluster=rules.cluster)
        by_name = {one.metric.name: one for one in comparison.metrics}
        notes = _notes(matched, grader)
        for name in names:
            told = (*notes, *_declared_otherwise(before, after, name))
            if why := impossible(old, new, name):
                found.metrics += _refused(old.name, [name], why, f"git exp eval show {runs[1].name}")
                continue
            found.metrics.append(_effect(old, new, name, by_name.get(name), rules, told))
        found.guards += guarded(old, new, matched, names, rules.must_pass)
    found.costs += [spent(before, after, matched.common, one, rules) for one in rules.max_increase]


def _refused(suite: str, metrics: Sequence[str], why: str, hint: str | None = None) -> list[Effect | Refused]:
    return [Refused(f"{suite}/{name}", why, hint) for name in metrics]


def _with_policy(suite: Suite, baseline: Suite, rules: Rules) -> Suite:
    """The suite with what the gate, or else the baseline, says of errors, and the baseline's metrics.

    The new run has no say in which way a metric is better, nor in what an error counts.
    """
    words = {OnErrors.ZERO: OnError.ZERO, OnErrors.EXCLUDE: OnError.EXCLUDE, OnErrors.FAIL: OnError.EXCLUDE}
    policy = words[rules.errors] if rules.errors is not None else baseline.meta.on_error
    metrics = tuple(baseline.metric(one.name) or one for one in suite.meta.metrics)
    return replace(suite, meta=replace(suite.meta, on_error=policy, metrics=metrics))


def _declared_otherwise(before: Suite, after: Suite, name: str) -> Iterator[str]:
    """Notes on what the new run says of a metric, and what does not hold."""
    old, new = before.metric(name), after.metric(name)
    if old is None or new is None:
        return
    if old.doubt is not None:
        yield old.doubt
    if old.direction is not new.direction and new.guess is None:
        yield f"{old.direction.value} is better, as the baseline has it, and not {new.direction.value}"
    if old.ends and new.ends and old.ends != new.ends:
        yield f"its range is {_range(old)}, as the baseline has it, and not {_range(new)}"


def _range(metric: Metric) -> str:
    return "{:g} to {:g}".format(*metric.ends or ())


def errors_of(suite: Suite) -> Errors:
    """The answers in no good state, whether or not they have a score."""
    return Errors(suite.name, suite.errors, len(suite.results), suite.errors - suite.lost)


def _why_not(matched: Matched, rules: Rules, grader: str | None) -> str | None:
    """All that keeps the two from being compared; None where nothing does."""
    reasons = [grader] if grader is not None and not rules.allow_grader_change else []
    if not matched.same_data and not rules.allow_dataset_change:
        reasons.append(f"other data: {_other_data(matched)}")
    elif matched.overlap < rules.min_overlap:
        reasons.append(f"only {matched.overlap:.1%} of the examples are common: {_other_data(matched)}")
    return " and ".join(reasons) or None


def _other_grader(runs: tuple[StoredRun, StoredRun], before: Suite, after: Suite) -> str | None:
    """In what the new run was graded otherwise; whoever leaves out to tell is not believed to be alike."""
    if other_grader(*runs, before, after):
        return "another grader"
    old, new = (graded_by(run.whole.inputs, GRADER, before.name) for run in runs)
    return f"the grader of {runs[1].name} is not known" if old and not new else None


def _other_data(matched: Matched) -> str:
    kinds = (
        ("relabelled", matched.relabelled),
        ("edited", matched.edited),
        ("added", matched.added),
        ("removed", matched.removed),
    )
    return ", ".join(f"{len(rows)} {name}" for name, rows in kinds if rows)


def _notes(matched: Matched, grader: str | None) -> tuple[str, ...]:
    found = []
    if grader is not None:
        found.append(f"{grader}, which is allowed")
    if not matched.same_data:
        found.append(f"other data, which is allowed: {_other_data(matched)}; only what both have is compared")
    return tuple(found)


def _effect(
    old: Suite,
    new: Suite,
    name: str,
    one: Compared | None,
    rules: Rules,
    notes: tuple[str, ...],
) -> Effect | Refused:
    metric = f"{old.name}/{name}"
    if one is None:
        return Refused(metric, "no example has a value in both runs")
    if why := too_few(one, rules):
        return Refused(metric, why)
    estimates: tuple[Estimate, ...] = (one.best_estimate,)
    if few_clusters(one) and one.clustered is not None:
        estimates = (one.effect, one.clustered)
        if one.clustered.clusters != 1:
            count = one.clustered.clusters
            notes = (*notes, f"only {count} clusters, fewer than {FEWEST_CLUSTERS}: the wider bound counts")
    if max(one.epochs) > 1:
        notes = (*notes, f"means of {one.epochs[0]} and {one.epochs[1]} epochs")
    return Effect(
        metric,
        one.old,
        one.new,
        one.effect.mean,
        Basis.EXAMPLES,
        one.effect.n,
        estimates,
        width=_width(old, new, name),
        notes=notes,
    )


def _width(old: Suite, new: Suite, name: str) -> float:
    """Between the worst and the best value: as declared, else as far as values were seen."""
    metric = old.metric(name)
    if metric is not None and metric.ends is not None:
        return metric.ends[1] - metric.ends[0]
    seen = [score for suite in (old, new) for _, score in suite.values(name)]
    return (max(seen) - min(seen)) or inf
