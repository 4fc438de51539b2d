"""Which run another one is held against."""

from __future__ import annotations

from dataclasses import dataclass

from gitexp.errors import Ambiguous, NotFound, UsageError
from gitexp.formats.making import graded_by, not_comparable
from gitexp.git.refs import commit_of
from gitexp.model.evaluation import Direction
from gitexp.model.missing import MISSING
from gitexp.model.names import RunName
from gitexp.model.record import Status
from gitexp.model.roles import GRADER
from gitexp.ops.baseline_refs import baselines
from gitexp.ops.best import snippet
from gitexp.ops.evaluations.reading import is_regraded
from gitexp.ops.evidence import evidence_of
from gitexp.ops.goals import goal_of
from gitexp.ops.read import Listing, StoredRun
from gitexp.ops.resolve import baseline_in, resolve
from gitexp.ops.why.makings import Makings, metric_of, number_of
from gitexp.ops.why.score import Score
from gitexp.repo import Repository
from gitexp.statistics.luck import expected_largest

PARENT, BEST, BASELINE = "parent", "best", "baseline"
_MAIN = "main"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The other run, and why it is that one."""

    run: StoredRun
    how: str
    """A few words: `its parent`."""
    best_of: int = 0
    """Of how many runs the better one of the two is the best; 0 where that was not asked for."""

    @property
    def luck(self) -> float:
        """How many standard errors the best of so many equal runs is above their mean."""
        return expected_largest(self.best_of)


@dataclass(frozen=True, slots=True)
class Unlike:
    """Runs with the metric that are not compared of themselves: data, or grader, are others."""

    runs: int
    first: RunName
    """The one that is nearest in time: the latest before, else the earliest after."""


def choose(
    repo: Repository,
    makings: Makings,
    listing: Listing,
    me: StoredRun,
    score: Score | None,
    vs: str | None,
) -> Chosen | None:
    """The run that `vs` means; without it the parent, else the latest comparable run before; None for none.

    Raises NotFound, Ambiguous, UsageError.
    """
    if vs == PARENT:
        found = _parent(repo, listing, me, None)
        if found is None:
            raise NotFound(f"no parent of run {me.name!r} is here", hint=f"git exp why {me.name}")
        return found
    if vs == BEST:
        return _best(repo, makings, listing, me, score)
    if vs is not None:
        return _named(repo, listing, me, vs)
    return _parent(repo, listing, me, score) or _earlier(makings, listing, me, score)


def _parent(repo: Repository, listing: Listing, me: StoredRun, score: Score | None) -> Chosen | None:
    runs = {run.name: run for run in listing.runs}
    for name in me.info.parents:
        if name not in runs:
            repo.remark(f"its parent '{name}' is not here: git exp fetch")
        elif name != me.name and (score is None or metric_of(runs[name], score.key) is not MISSING):  # type: ignore[index]
            return Chosen(runs[name], "its parent")  # type: ignore[index]
    return None


def _earlier(makings: Makings, listing: Listing, me: StoredRun, score: Score | None) -> Chosen | None:
    began = me.head.started, me.name
    for run in listing.runs:
        earlier = (run.head.started, run.name) < began and run.head.status == Status.FINISHED.value
        if not earlier or (score is not None and metric_of(run, score.key) is MISSING):
            continue
        if _comparable(makings, run, me, score):
            return Chosen(run, "the latest run before it")
    return None


def unlike(makings: Makings, listing: Listing, me: StoredRun, score: Score) -> Unlike | None:
    """The finished runs that are not comparable; None where there is none."""
    found = [
        run
        for run in listing.runs
        if run.name != me.name
        and run.head.status == Status.FINISHED.value
        and metric_of(run, score.key) is not MISSING
        and not _comparable(makings, run, me, score)
    ]
    if not found:
        return None
    before = [run for run in found if run.head.started <= me.head.started]
    return Unlike(len(found), (before or found[::-1])[0].name)


def _comparable(makings: Makings, run: StoredRun, me: StoredRun, score: Score | None) -> bool:
    suite = score.suite_name if score else None
    each = makings.inputs(run), makings.inputs(me)
    if not_comparable(*each, suite):
        return False
    if suite is None or not not_comparable(*each, suite, regraded=True):
        return True
    # Who grades anew records the grader: only the one that has one may have been.
    graded = run if graded_by(each[0], GRADER, suite) else me
    return not is_regraded(graded, suite)


def _best(
    repo: Repository, makings: Makings, listing: Listing, me: StoredRun, score: Score | None
) -> Chosen | None:
    """The best of the comparable runs; where that is this one, the next best."""
    if score is None:
        raise NotFound(f"run {me.name!r} has no metric", hint=f"git exp show {me.name}")
    goal = _goal(repo, score)
    ranked: list[tuple[float, float, str, StoredRun]] = []
    for run in listing.runs:
        value = number_of(run, score.key) if run.head.status == Status.FINISHED.value else None
        if value is not None and _comparable(makings, run, me, score):
            ranked.append((value if goal == "max" else -value, run.head.started, run.name, run))
    ranked.sort(key=lambda one: one[:3], reverse=True)
    others = [one[-1] for one in ranked if one[-1].name != me.name]
    if not others:
        return None
    count = len(ranked)
    is_best = ranked[0][-1].name == me.name
    return Chosen(others[0], "the next best: this one is the best" if is_best else "the best", count)


def _goal(repo: Repository, score: Score) -> str:
    goals = repo.settings.goals
    if score.metric is not None and score.metric.directed and score.key not in goals:
        return "max" if score.metric.direction is Direction.MAX else "min"
    goal = goal_of(score.key, goals)
    if goal is None:
        raise UsageError(f"which way metric {score.key!r} is better is not known", hint=snippet(score.key))
    return goal


def _named(repo: Repository, listing: Listing, me: StoredRun, text: str) -> Chosen:
    name = _baseline(repo, text)
    if name is not None:
        return _other(me, resolve(repo, f"baseline:{name}"), f"the baseline '{name}'")
    try:
        return _other(me, resolve(repo, text), "as asked for")
    except Ambiguous:
        raise
    except NotFound:
        if baseline_in(text) is not None or commit_of(repo.git, text) is None:
            raise
        # A commit without a record stands for the run that it rests on.
        runs = evidence_of(repo, text, listing).runs
        if not runs:
            raise
        return _other(me, runs[0], f"which '{text}' rests on")


def _other(me: StoredRun, run: StoredRun, how: str) -> Chosen:
    return Chosen(run, how if run.name != me.name else "the run itself")


def _baseline(repo: Repository, text: str) -> str | None:
    """The baseline that is asked for: of `baseline` alone `main`, or the only one.

    None where none is asked for; so too where there is none, as `baseline` may be the name of a run.
    """
    if text != BASELINE:
        return baseline_in(text)
    names = list(baselines(repo))
    if len(names) > 1 and _MAIN not in names:
        raise NotFound(f"there are {len(names)} baselines", hint=f"--vs {BASELINE}:{names[0]}")
    return None if not names else _MAIN if _MAIN in names else names[0]
