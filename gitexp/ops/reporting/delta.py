"""What one run did to the numbers of the base, and what it did otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitexp.errors import BrokenRecord, GitExpError, NotFound
from gitexp.formats.identity import identity, vector
from gitexp.formats.settings import Settings
from gitexp.model.completeness import Completeness
from gitexp.model.record import Input, Status
from gitexp.model.roles import DATASET, GRADER, ROLES
from gitexp.model.values import Oid, Scalar
from gitexp.ops import audit
from gitexp.ops.alike import Finished
from gitexp.ops.code_diff import FileChange, changed_files
from gitexp.ops.comparand import Comparand
from gitexp.ops.compare import Comparison, Measure, compare
from gitexp.ops.evaluations.diffing import Difference
from gitexp.ops.goals import DETAILS
from gitexp.ops.read import StoredRun
from gitexp.ops.reporting.measuring import Measured, Verdict, of_examples, of_repetitions, of_runs
from gitexp.repo import Repository

_ORDER = {role: place for place, role in enumerate(ROLES)}


@dataclass(frozen=True, slots=True)
class RoleChange:
    """The inputs of one role that only one of the runs had."""

    role: str
    old: tuple[Input, ...]
    new: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class Delta:
    """One run held against the base."""

    base: Comparand
    side: Comparand
    run: StoredRun
    repeats: tuple[str, ...]
    """Runs that did the same; their numbers are in the means."""
    metrics: tuple[Measured, ...]
    """Those of evaluations first, then those that tell most."""
    suites: tuple[Difference, ...]
    """The evaluations that both have."""
    lost_suites: tuple[str, ...]
    """Those that only the base has."""
    comparison: Comparison
    """Params, packages and environment."""
    inputs: tuple[RoleChange, ...]
    files: tuple[FileChange, ...] | None
    """What differs in the code; None where its objects are not all here."""
    completeness: Completeness | None
    """How completely it is known what the run came from; None where that cannot be found out."""

    @property
    def warnings(self) -> list[str]:
        """Why the numbers may not say what they seem to."""
        return list(_warnings(self))

    def count(self, *verdicts: Verdict) -> int:
        return sum(one.verdict in verdicts for one in self.metrics)

    @property
    def regressed(self) -> int:
        """Examples that got worse in any metric."""
        pairs = ((suite.suite, one) for suite in self.suites for one in suite.comparison.metrics)
        return len({(name, change.pair.old.id) for name, one in pairs for change in one.regressions})


class Repeats:
    """The metrics of the runs that did what a run did; each run is looked for once."""

    def __init__(self, finished: Finished) -> None:
        self.finished = finished
        self._known: dict[Oid, dict[str, Mapping[str, Scalar]]] = {}

    def of(self, run: StoredRun) -> dict[str, Mapping[str, Scalar]]:
        """By their names, those of the run itself first."""
        if run.commit not in self._known:
            found = self.finished.witnesses(run)
            self._known[run.commit] = {one.name: one.record.metrics for one in found}
        return self._known[run.commit]


@dataclass(frozen=True, slots=True)
class Pair:
    """The base and a run, with what there is of either."""

    base: Comparand
    base_run: StoredRun
    side: Comparand
    run: StoredRun
    suites: tuple[Difference, ...]
    lost_suites: tuple[str, ...]
    settings: Settings
    """Those of the base: they say which way metrics are better, and how much they vary."""
    repeats: Repeats


def delta_of(repo: Repository, pair: Pair) -> Delta:
    """Raises BrokenRecord, NotFound or GitError."""
    sides = [pair.base.side, pair.side.side]
    goals = pair.settings.goals
    like_base, like_run = pair.repeats.of(pair.base_run), pair.repeats.of(pair.run)
    everything = compare(sides, goals=goals, everything=True)
    return Delta(
        base=pair.base,
        side=pair.side,
        run=pair.run,
        repeats=tuple(name for name in like_run if name != pair.run.name),
        metrics=tuple(_metrics(pair, everything.metrics, like_base, like_run)),
        suites=pair.suites,
        lost_suites=pair.lost_suites,
        comparison=compare(sides, goals=goals),
        inputs=tuple(_inputs(sides[0].inputs or (), sides[1].inputs or ())),
        files=_files(repo, pair),
        completeness=_completeness(repo, pair),
    )


def _metrics(
    pair: Pair,
    measures: Sequence[Measure],
    like_base: Mapping[str, Mapping[str, Scalar]],
    like_run: Mapping[str, Mapping[str, Scalar]],
) -> Iterator[Measured]:
    shown: set[str] = set()
    for suite in pair.suites:
        for one in suite.comparison.metrics:
            measured = of_examples(suite, one)
            shown.add(measured.name)
            yield measured
    for measure in measures:
        if measure.key in shown or measure.key.endswith(DETAILS):
            continue
        if pair.run.name in like_base:
            yield of_repetitions(measure)
            continue
        olds, news = (
            [metrics[measure.key] for metrics in side.values() if measure.key in metrics]
            for side in (like_base, like_run)
        )
        yield of_runs(measure, olds, news, pair.settings.noise)


def _inputs(olds: Sequence[Input], news: Sequence[Input]) -> Iterator[RoleChange]:
    old, new = vector(olds), vector(news)
    for role in sorted({*old, *new}, key=lambda role: (_ORDER.get(role, len(_ORDER)), role)):
        if old.get(role) != new.get(role):
            left, right = ([one for one in side if one.role == role] for side in (olds, news))
            yield RoleChange(role, _only(left, right), _only(right, left))


def _only(these: Sequence[Input], those: Sequence[Input]) -> tuple[Input, ...]:
    """Those of `these` that `those` have not; all where they only differ in how often they stand."""
    others = {identity(one) for one in those}
    return tuple(one for one in these if identity(one) not in others) or tuple(these)


def _files(repo: Repository, pair: Pair) -> tuple[FileChange, ...] | None:
    try:
        return tuple(changed_files(repo.git, pair.base.tree, [pair.side.tree])[0])
    except GitExpError:  # a partial clone, offline
        return None


def _completeness(repo: Repository, pair: Pair) -> Completeness | None:
    try:
        stale = pair.side.stale is not None
        return audit.of(repo, pair.run, stale=stale, finished=pair.repeats.finished, settings=pair.settings)
    except (BrokenRecord, NotFound):  # a clone of CI has not everything
        return None


def _warnings(one: Delta) -> Iterator[str]:
    for suite in one.suites:
        if suite.other_grader:
            yield f"not comparable: suite {suite.suite} has another grader"
        if not suite.comparison.matched.same_data:
            count = len(suite.comparison.matched.common)
            yield f"not comparable: suite {suite.suite} has other data; {count} examples are the same"
        for name, why in suite.unscored.items():
            yield f"not comparable: {suite.suite}/{name}: {why}"
    if not one.suites:
        for role in (DATASET, GRADER):
            if any(change.role == role and change.old and change.new for change in one.inputs):
                yield f"not comparable: another {role}"
    for name in one.lost_suites:
        yield f"suite {name} was not evaluated"
    for side in (one.base, one.side):
        if side.stale:
            yield f"stale: {side.label}: {side.stale}"
        if side.status not in (Status.FINISHED, Status.CAPTURED):
            yield f"run {side.label} is {side.status.value if side.status else 'no run'}"
