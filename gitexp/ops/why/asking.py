"""`git exp why`: the score, what made it, what changed, and what other runs say of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from gitexp.formats.making import Cause
from gitexp.model.completeness import Completeness
from gitexp.model.missing import MISSING
from gitexp.model.record import Record
from gitexp.ops.alike import Finished
from gitexp.ops.evaluations.reading import Known as Tables
from gitexp.ops.examine import completeness_of
from gitexp.ops.read import StoredRun, list_all
from gitexp.ops.resting import run_of
from gitexp.ops.spread import Spread, spread
from gitexp.ops.staleness import is_stale
from gitexp.ops.why.against import Unlike, choose, unlike
from gitexp.ops.why.comparing import Against, causes_of, compared, two_of
from gitexp.ops.why.effect import effect
from gitexp.ops.why.makings import Makings
from gitexp.ops.why.nearby import Nearby, nearby
from gitexp.ops.why.neighbours import Beyond, Neighbour, beyond, neighbours
from gitexp.ops.why.score import Score, score_of
from gitexp.ops.why.separating import Separation, foreign, separating
from gitexp.ops.why.sources import Sources, sources
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Why:
    """The answer."""

    run: StoredRun
    record: Record
    score: Score | None
    spread: Spread | None
    """Of the metric in repetitions of the run, itself among them; None without any."""
    sources: Sources
    completeness: Completeness | None
    """None where that cannot be told."""
    against: Against | None
    """None where there is nothing to compare with."""
    neighbours: tuple[Neighbour, ...]
    more_neighbours: int
    """How many more there are."""
    unseen: int
    """How many runs were not looked at for that."""
    beyond: Beyond | None = None
    """Around the other run, where several things changed against it."""
    alone: tuple[Cause, ...] = ()
    """The causes of several that nothing shows alone."""
    separate: str | None = None
    """The command for the run that tells causes apart, where no run does."""
    inseparable: str | None = None
    """Why there is no such command."""
    foreign: str | None = None
    """The name of a run that somebody else recorded, whose code and command it would execute."""
    unlike: Unlike | None = None
    """The runs that it was not compared with, as their data or grader are others."""


def why(repo: Repository, text: str, metric: str | None = None, vs: str | None = None) -> Why:
    """Why the run that `text` means has its score, held against the run that `vs` means.

    Reads the index once, and of commits only those that are told of. Raises NotFound, Ambiguous, UnknownKey,
    UsageError or BrokenRecord.
    """
    me = run_of(repo, text)
    score, listing = score_of(me, metric), list_all(repo)
    makings = Makings(repo, score.suite_name if score else None)
    record, tables, finished = me.whole, Tables(), Finished(repo, listing)
    chosen = choose(repo, makings, listing, me, score, vs)
    two = two_of(makings, chosen.run, me, record) if chosen else None
    around, against = Nearby(), None
    if score is not None:
        found, name = (causes_of(two), two.old.name) if two else ([], "")
        around = nearby(repo, makings, me, listing.runs, score.key, found, name)
    if chosen is not None and two is not None:
        judged = None
        if score is not None:
            others = partial(_repeating, finished, chosen.run)
            judged = effect(makings, chosen.run, me, score, around.repeated, tables, others)
        against = compared(chosen, two, judged)
    beside = neighbours(makings, me, score, around, against, tables)
    known = against.known if against else []
    other = None
    if score is not None and against is not None and len(known) > 1:
        other = beyond(makings, me, listing.runs, score, against, beside, tables)
    alone = _alone(known, around, beside, other) if score is not None else ()
    is_shown = any(one.step for one in beside)
    shown = other.shown if other else ()
    apart = separating(two, known, shown) if two and not is_shown else Separation()
    return Why(
        run=me,
        record=record,
        score=score,
        spread=_spread(me, score, around.repeated),
        sources=sources(me, record, makings.inputs(me), makings.of(me)),
        completeness=completeness_of(me, is_stale=is_stale(me), finished=finished),
        against=against,
        neighbours=beside,
        more_neighbours=len(around.near) - len(beside) + around.more,
        unseen=around.left_out,
        beyond=other,
        alone=alone,
        separate=apart.command,
        inseparable=apart.why_not,
        foreign=foreign(two) if two and apart.command else None,
        unlike=unlike(makings, listing, me, score) if score and not chosen else None,
    )


def _repeating(finished: Finished, run: StoredRun) -> list[StoredRun]:
    """The other runs that tell how much the metrics of `run` vary."""
    return finished.witnesses(run)[1:]


def _alone(
    known: Sequence[Cause], around: Nearby, beside: Sequence[Neighbour], other: Beyond | None
) -> tuple[Cause, ...]:
    """Of several causes those that no run around either, and no step between two, shows."""
    shown = around.causes | {one.step.cause for one in beside if one.step}
    shown |= other.causes if other else set()
    return tuple(one for one in known if one not in shown) if len(known) > 1 else ()


def _spread(me: StoredRun, score: Score | None, repeated: Sequence[StoredRun]) -> Spread | None:
    if score is None or not repeated:
        return None
    return spread([run.record.metrics.get(score.key, MISSING) for run in (me, *repeated)])
