"""What differs between the evaluations of runs: `git exp eval diff`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitexp.errors import NotFound, UnknownKey
from gitexp.formats.making import not_comparable
from gitexp.model.evaluation import Suite
from gitexp.model.roles import GRADER
from gitexp.ops.evaluations.comparable import unscored
from gitexp.ops.evaluations.comparing import Comparison, compare
from gitexp.ops.evaluations.costs import Cost, costs
from gitexp.ops.evaluations.directions import with_goals
from gitexp.ops.evaluations.reading import Known, all_suite_names, read_suites
from gitexp.ops.evaluations.slicing import Part, slices
from gitexp.ops.read import StoredRun
from gitexp.statistics.many import holm


@dataclass(frozen=True, slots=True)
class Ask:
    """What to compare, and how."""

    suite: str | None = None
    metrics: tuple[str, ...] = ()
    cluster: str | None = None
    """A tag; None for the clusters that were recorded."""
    by: str | None = None
    """A tag: each of its values is compared on its own as well."""
    with_text: bool = False
    """Whether to read the answers too."""
    goals: Mapping[str, str] | None = None
    """Which way metrics are better of which the first run did not say it; None for those of .gitexp.yaml."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One suite in two runs."""

    old: StoredRun
    new: StoredRun
    called: tuple[str, str]
    """What people know both by: the name of a run, or the commit that they asked for."""
    comparison: Comparison
    costs: tuple[Cost, ...]
    other_grader: bool
    """Whether what graded is known to be another."""
    unscored: Mapping[str, str]
    """Metric -> why too many scores on one side alone say nothing of both."""
    adjusted: Mapping[str, float]
    """Metric -> p that allows for how many runs are held against the first (Holm); empty for a single one.

    Those that cannot be compared are none of them: nothing is said of them that could be an accident.
    """
    slices: Mapping[str, tuple[Part, ...]]
    """Metric -> the examples parted by a tag, where that is asked for."""

    @property
    def suite(self) -> str:
        return self.comparison.old.name

    @property
    def comparable(self) -> bool:
        """Whether the scores of both are of the same questions, graded alike, and hardly any is lacking."""
        return self.comparison.matched.same_data and not self.other_grader and not self.unscored

    def refused(self, metric: str) -> str | None:
        """Why it cannot be said which run is better; None where it can, as far as data are the same."""
        return "another grader" if self.other_grader else self.unscored.get(metric)


def diff(runs: Sequence[StoredRun], ask: Ask, called: Sequence[str] | None = None) -> list[Difference]:
    """Each run but the first against the first, suite by suite; `called` is what they are told by.

    Raises NotFound where they have no suite in common, UnknownKey, BrokenRecord.
    """
    first, *others = runs
    first_called, *calls = called or [run.name for run in runs]
    known: Known = {}
    tables = [
        [read_suites(run, [suite], with_text=ask.with_text, known=known)[0] for run in runs]
        for suite in _common(runs, ask.suite)
    ]
    goals = first.repo.settings.goals if ask.goals is None else ask.goals
    found: list[Difference] = []
    for (old, *news), metrics in zip(tables, _metrics(tables, ask.metrics), strict=True):
        if ask.metrics and not metrics:
            continue
        old = replace(old, meta=with_goals(old.meta, goals))
        comparisons = [compare(old, new, metrics=metrics, cluster=ask.cluster) for new in news]
        found += _adjusted(
            [
                _difference((first, run), (first_called, call), comparison, ask)
                for run, call, comparison in zip(others, calls, comparisons, strict=True)
            ]
        )
    return found


def _metrics(tables: Sequence[Sequence[Suite]], wanted: Sequence[str]) -> list[list[str]]:
    """For each suite those of the `wanted` metrics that all runs have of it.

    Raises UnknownKey for one that no suite has.
    """
    having = [
        [one.name for one in suites[0].meta.metrics if all(other.metric(one.name) for other in suites)]
        for suites in tables
    ]
    everywhere = sorted({name for names in having for name in names})
    for name in wanted:
        if name not in everywhere:
            raise UnknownKey(f"no metric {name!r} in all of the runs", hint=f"one of {', '.join(everywhere)}")
    return [[name for name in names if name in wanted] for names in having]


def _common(runs: Sequence[StoredRun], wanted: str | None) -> list[str]:
    each = [all_suite_names(run) for run in runs]
    for run, names in zip(runs, each, strict=True):
        if not names:
            raise NotFound(f"run {run.name!r} has no evaluation", hint="git exp eval import PATH")
        if wanted is not None and wanted not in names:
            raise NotFound(f"run {run.name!r} has no suite {wanted!r}", hint=f"one of {', '.join(names)}")
    common = [name for name in each[0] if all(name in names for names in each)]
    if not common:
        told = "; ".join(f"{run.name}: {', '.join(names)}" for run, names in zip(runs, each, strict=True))
        # What a log calls its suite depends on its kind and its file's name.
        imported = any(run.info.source is not None for run in runs)
        hint = "git exp eval import PATH --suite NAME" if imported else "git exp eval show RUN"
        raise NotFound(f"the runs have no suite in common ({told})", hint=hint)
    return [wanted] if wanted is not None else common


def _adjusted(found: Sequence[Difference]) -> list[Difference]:
    """The differences of a suite, each metric's p with regard to those that can be compared as well."""
    adjusted: list[dict[str, float]] = [{} for _ in found]
    names = dict.fromkeys(one.metric.name for each in found for one in each.comparison.metrics)
    for name in names if len(found) > 1 else ():
        known = [
            (at, one.p)
            for at, each in enumerate(found)
            for one in each.comparison.metrics
            if one.metric.name == name and one.p is not None and each.refused(name) is None
        ]
        for (at, _), p in zip(known, holm([p for _, p in known]), strict=True):
            adjusted[at][name] = p
    return [replace(one, adjusted=p) for one, p in zip(found, adjusted, strict=True)]


def _difference(
    runs: tuple[StoredRun, StoredRun],
    called: tuple[str, str],
    comparison: Comparison,
    ask: Ask,
) -> Difference:
    """What differs, without regard to other runs."""
    old, new = comparison.old, comparison.new
    lacking = ((one.metric.name, unscored(old, new, one)) for one in comparison.metrics)
    return Difference(
        *runs,
        called,
        comparison,
        tuple(costs(old, new, comparison.matched.common, comparison.groups)),
        other_grader(*runs, old, new),
        {name: why for name, why in lacking if why is not None},
        {},
        slices(comparison, ask.by, ask.cluster) if ask.by is not None else {},
    )


def other_grader(first: StoredRun, run: StoredRun, old: Suite, new: Suite) -> bool:
    """Whether what graded `old`, a suite of `first`, is known not to have graded `new`, that of `run`."""
    regraded = bool(old.meta.history or new.meta.history)
    return GRADER in not_comparable(first.whole.inputs, run.whole.inputs, old.name, regraded=regraded)
