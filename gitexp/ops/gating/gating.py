"""`git exp gate`: two runs, the rules, what is known of both, and the decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gitexp.errors import NotFound, UnknownKey, UsageError
from gitexp.gate.deciding import Verdict, decide, decide_alike
from gitexp.gate.evidence import Completeness, Effect, Evidence, Refused, Spoilt
from gitexp.model.gate import Outcome, gravest
from gitexp.ops.alike import unlike
from gitexp.ops.best import snippet
from gitexp.ops.evaluations.directions import doubt, with_goals
from gitexp.ops.evaluations.reading import all_suite_names, briefs
from gitexp.ops.gating.metrics import plain_metrics
from gitexp.ops.gating.ruling import TYPED, WRITTEN, Ruling, ruling
from gitexp.ops.gating.sides import Against, asked_run, baseline
from gitexp.ops.gating.tables import Tables, read_tables
from gitexp.ops.goals import DETAILS
from gitexp.ops.headline import deciding, leading_first
from gitexp.ops.read import StoredRun
from gitexp.repo import Repository

_SHOWN = 5
"""Metrics that are named where they are left out."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of which run."""

    run: str | None = None
    """None for the run of the code as it is now."""
    baseline: str | None = None
    """None for the one named main."""
    gate: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    """Field of Rules -> what was said of it besides the settings."""
    alike: bool = False
    """Whether both are runs of the same, which shows what noise alone does."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """A run that fails, once more, held against the same baseline by the same rules."""

    told: str
    """What it says of the failure, or why it says nothing."""
    hint: str | None = None
    run: StoredRun | None = None
    """None where there is none."""
    verdict: Verdict | None = None
    outcome: Outcome | None = None
    """What the gate amounts to by it; None where the first verdict stands, whatever it gave."""


@dataclass(frozen=True, slots=True)
class Gated:
    """What came of it."""

    new: StoredRun
    against: Against
    ruling: Ruling
    verdict: Verdict
    alike: bool = False
    repetition: Repetition | None = None
    """None where none was asked for, or nothing failed."""

    @property
    def old(self) -> StoredRun:
        return self.against.run

    @property
    def outcome(self) -> Outcome:
        """What the gate amounts to: it fails only where the run and its repetition do."""
        again = self.repetition
        if again is None or again.outcome is None:
            return self.verdict.outcome
        # What is demanded of the run itself, and what could not be compared, no other run makes good.
        stays = (Outcome.INCOMPARABLE, Outcome.POLICY)
        return gravest([again.outcome, *(one.outcome for one in self.verdict.checks if one.outcome in stays)])

    @property
    def excused(self) -> bool:
        """Whether what failed did not once more."""
        return self.outcome is not self.verdict.outcome


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The metrics by where they are."""

    suites: Mapping[str, Sequence[str]]
    plain: Sequence[str]


def gate(repo: Repository, ask: Ask) -> Gated:
    """Raises NotFound where there is nothing to compare with, UsageError, UnknownKey, BrokenRecord."""
    new = asked_run(repo, ask.run)
    metrics: Sequence[str] = ask.given.get("metrics", ())
    against = baseline(repo, ask.baseline, new, metrics[0] if metrics else None)
    if ask.alike:
        _check_alike(against.run, new)
    elif against.run.name == new.name:
        repo.remark(f"run {new.name!r} is the baseline itself")
    rules = ruling(repo, against.settings, ask.gate, ask.given)
    evidence = evidence_on(repo, against.run, new, rules)
    verdict = (decide_alike if ask.alike else decide)(evidence, rules.rules)
    return Gated(new, against, rules, verdict, ask.alike)


def _check_alike(one: StoredRun, other: StoredRun) -> None:
    if one.name == other.name:
        raise UsageError("that is one run, and not two", hint="git exp gate --aa RUN1 RUN2")
    parts = unlike(one, other)
    if parts:
        raise NotFound(
            f"the two are not runs of the same: they have {', '.join(parts)}",
            hint=f"git exp diff {one.name} {other.name}",
        )


def evidence_on(
    repo: Repository, old: StoredRun, new: StoredRun, rules: Ruling, first: StoredRun | None = None
) -> Evidence:
    """What is known of both. `first` is a run that `new` repeats: what that told is not told again."""
    wanted = _wanted(old, new, rules)
    goals = rules.settings.goals
    tables = read_tables(old, new, wanted.suites, rules.rules, goals) if wanted.suites else Tables()
    plain = plain_metrics(old, new, wanted.plain, rules.settings, rules.rules, first)
    metrics: list[Effect | Refused | Spoilt] = [*tables.metrics, *plain]
    if not wanted.suites:
        _check_limits(repo, rules)
    complete = _completeness(repo, new, rules)
    return Evidence(metrics, tables.guards, tables.costs, tables.errors, complete)


def _check_limits(repo: Repository, rules: Ruling) -> None:
    """What was typed of examples and costs is meant for this run, what is written for any."""
    limits = [key for key in ("must_pass", "max_increase") if getattr(rules.rules, key)]
    told = "examples and costs can be limited only where there are results of an evaluation"
    if any(rules.said.get(key) == TYPED for key in limits):
        raise UsageError(told, hint="--metric SUITE/METRIC")
    if limits:
        repo.remark(f"{told}: {', '.join(limits)} of {WRITTEN} says nothing here")


def _wanted(old: StoredRun, new: StoredRun, rules: Ruling) -> _Wanted:
    metas = [with_goals(one.meta, rules.settings.goals) for one in briefs(old)]
    known = {meta.suite: [one.name for one in sorted(meta.metrics, key=doubt)] for meta in metas}
    undirected = [f"{meta.suite}/{one.name}" for meta in metas for one in meta.metrics if not one.directed]
    if not rules.rules.metrics:
        return _everything(old, new, known, undirected, rules)
    here = {*old.record.metrics, *new.record.metrics}
    suites: dict[str, list[str]] = {}
    plain: list[str] = []
    everywhere = {*known, *all_suite_names(new)}
    tables = {*_columns(old), *_columns(new)}
    for text in dict.fromkeys(rules.rules.metrics):
        suite, slash, metric = text.partition("/")
        having = [name for name, metrics in known.items() if text in metrics]
        if slash and suite in everywhere and (text in tables or text not in here):
            suites.setdefault(suite, []).append(metric)
        elif text in old.record.metrics or not having:
            plain.append(text)
        else:
            for name in having:
                suites.setdefault(name, []).append(text)
    _check_known(old, new, plain)
    for name in undirected:
        suite, _, metric = name.partition("/")
        if metric in suites.get(suite, ()):
            raise UsageError(f"which way metric {name!r} is better is not known", hint=snippet(name))
    return _Wanted(suites, plain)


def _columns(run: StoredRun) -> Iterator[str]:
    """The metrics that examples have of their own, which what is told of them, such as `.se`, is not."""
    for one in briefs(run):
        yield from (f"{one.meta.suite}/{metric.name}" for metric in one.meta.metrics)


def _everything(
    old: StoredRun,
    new: StoredRun,
    known: Mapping[str, Sequence[str]],
    undirected: Sequence[str],
    rules: Ruling,
) -> _Wanted:
    """All metrics of all suites of the baseline, but those of which nothing tells which way they are better.

    Without any those with goals, or the one that says most.
    """
    goals = rules.settings.goals
    known = {
        suite: [one for one in names if f"{suite}/{one}" not in undirected] for suite, names in known.items()
    }
    found = deciding(old.record.metrics, goals)
    goaled = [key for key in goals if key in found]
    if any(known.values()):
        _tell_left_out(old, "evaluations are", [key for key in goaled if key.partition("/")[0] not in known])
        if undirected:
            told = f"which way {', '.join(undirected[:_SHOWN])} is better is not known: that is not looked at"
            old.repo.remark(f"{told}: {snippet(undirected[0])}")
        return _Wanted(known, ())
    chosen = goaled or found[:1]
    if not chosen:
        hint = snippet(undirected[0]) if undirected else "--metric METRIC"
        raise UsageError("which metric to go by is not known", hint=hint)
    if not goals:
        _tell_left_out(old, f"{', '.join(chosen)} is", _others(old, new, chosen))
    return _Wanted({}, chosen)


def _others(old: StoredRun, new: StoredRun, chosen: Sequence[str]) -> list[str]:
    numbers = (key for key, value in old.record.metrics.items() if type(value) in (int, float))
    both = (key for key in numbers if key in new.record.metrics and not key.endswith(DETAILS))
    return list(leading_first(key for key in both if key not in chosen))


def _tell_left_out(old: StoredRun, looked_at: str, left: Sequence[str]) -> None:
    if left:
        more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        told = f"only {looked_at} looked at, and not {', '.join(left[:_SHOWN])}{more}"
        old.repo.remark(f"{told}: --metric METRIC, or goals in .gitexp.yaml")


def _check_known(old: StoredRun, new: StoredRun, metrics: Sequence[str]) -> None:
    """Raises UnknownKey for a metric that neither run has: it is misspelt."""
    here = {*old.record.metrics, *new.record.metrics}
    for name in metrics:
        if name not in here:
            from difflib import get_close_matches

            near = get_close_matches(name, here, 1, 0.5)
            raise UnknownKey(
                f"neither run has a metric {name!r}",
                hint=f"--metric {near[0]}" if near else f"git exp show {new.name}",
            )


def _completeness(repo: Repository, new: StoredRun, rules: Ruling) -> Completeness | None:
    least = rules.rules.min_completeness
    if least is None:
        return None
    from gitexp.ops import audit  # Nobody else waits for it.
    from gitexp.ops.audit.shortfall import shortfall

    found = audit.of(repo, new, settings=rules.settings)
    gaps = tuple(f"{one.told}: {one.mend}" if one.mend else one.told for one in found.gaps)
    short = shortfall("the run", found, least)
    return Completeness(short.message if short else str(found), short is None, gaps)
