"""`git exp why`: the score, what made it, what changed, and what other runs say of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gitexp.formats.making import CODE, Cause, causes, in_order, same_roles
from gitexp.model.completeness import Completeness
from gitexp.model.missing import MISSING
from gitexp.model.record import Record
from gitexp.model.roles import DATASET
from gitexp.ops.alike import speaks
from gitexp.ops.evaluations.reading import Known as Tables
from gitexp.ops.examine import completeness_of
from gitexp.ops.read import StoredRun, list_all
from gitexp.ops.resolve import resolve
from gitexp.ops.spread import Spread, spread
from gitexp.ops.why.against import Chosen, choose
from gitexp.ops.why.code import code_changes, only_says_values
from gitexp.ops.why.effect import Effect, effect
from gitexp.ops.why.explaining import Explained, Two, explain
from gitexp.ops.why.makings import Makings
from gitexp.ops.why.nearby import Near, Nearby, nearby
from gitexp.ops.why.score import Score, score_of
from gitexp.ops.why.separating import separating
from gitexp.ops.why.sources import Sources, sources
from gitexp.repo import Repository

MOST_NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class Against:
    """What changed against another run."""

    chosen: Chosen
    causes: tuple[Cause, ...]
    explained: tuple[Explained, ...]
    same: tuple[str, ...]
    """The roles in which both are known to be the same."""
    effect: Effect | None
    separate: str | None
    """The command that makes the run which separates several causes."""

    @property
    def known(self) -> list[Cause]:
        """The causes that are known to be others."""
        return [one for one in self.causes if one.known]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A run that differs in one thing alone, and what that shows: its effect is from there to the run."""

    near: Near
    effect: Effect


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
    alone: tuple[Cause, ...] = ()
    """The causes of several that no run differs in alone."""


def why(repo: Repository, text: str, metric: str | None = None, vs: str | None = None) -> Why:
    """Why the run that `text` means has its score, held against the run that `vs` means.

    Reads the index once, and of commits only those that are told of. Raises NotFound, Ambiguous, UnknownKey,
    UsageError or BrokenRecord.
    """
    me = resolve(repo, text)
    score, listing = score_of(me, metric), list_all(repo)
    makings = Makings(repo, score.suite_name if score else None)
    record, tables = me.whole, Tables()
    chosen = choose(repo, makings, listing, me, score, vs)
    two = _two(makings, chosen.run, me, record) if chosen else None
    found = _causes(two) if two else []
    around = Nearby()
    if score is not None:
        around = nearby(repo, makings, me, listing.runs, score.key, found, chosen.run.name if chosen else "")
    against = None
    if chosen is not None and two is not None:
        judged = effect(makings, chosen.run, me, score, around.repeated, tables) if score else None
        against = _against(chosen, two, found, judged)
    neighbours = _neighbours(makings, me, score, around, tables)
    seen = {one.cause for one in around.near}
    known = against.known if against else []
    return Why(
        run=me,
        record=record,
        score=score,
        spread=_spread(me, score, around.repeated),
        sources=sources(me, record, makings.inputs(me), makings.of(me)),
        completeness=completeness_of(me, is_stale=not speaks(me)),
        against=against,
        neighbours=neighbours,
        more_neighbours=len(around.near) - len(neighbours) + around.more,
        unseen=around.left_out,
        alone=tuple(one for one in known if one not in seen) if len(known) > 1 and score is not None else (),
    )


def _two(makings: Makings, old: StoredRun, new: StoredRun, record: Record) -> Two:
    records = old.whole, record
    (code,) = code_changes(new.repo, makings, new, [old])
    pair = [
        replace(makings.of(run), packages=whole.requirements or None)
        for run, whole in zip((old, new), records, strict=True)
    ]
    inputs, both = (makings.inputs(old), makings.inputs(new)), (pair[0], pair[1])
    says = bool(code) and only_says_values(new.repo, old, new, both, code or ())
    return Two(old, new, records, inputs, both, code, says)


def _causes(two: Two) -> list[Cause]:
    """What differs; trees that differ in nothing but what is told elsewhere are the same code."""
    found = causes(*two.makings)
    if two.code is None:
        return [one._replace(known=False) if one.role == CODE else one for one in found]
    return found if two.code and not two.says_values else [one for one in found if one.role != CODE]


def _against(chosen: Chosen, two: Two, found: Sequence[Cause], judged: Effect | None) -> Against:
    """What the examples say of the data counts more than what was noted of it."""
    matched = judged.matched if judged else None
    if matched is not None:
        found = [one for one in found if one.role != DATASET]
        if not matched.same_data:
            found = [Cause(DATASET), *found]
        two = replace(two, examples=matched)
    same = set(same_roles(*two.makings, found)) | ({DATASET} if matched and matched.same_data else set())
    return Against(
        chosen=chosen,
        causes=tuple(in_order(found)),
        explained=tuple(explain(two, in_order(found))),
        same=tuple(one.role for one in in_order(map(Cause, same))),
        effect=judged,
        separate=separating(two, found),
    )


def _spread(me: StoredRun, score: Score | None, repeated: Sequence[StoredRun]) -> Spread | None:
    if score is None or not repeated:
        return None
    return spread([run.record.metrics.get(score.key, MISSING) for run in (me, *repeated)])


def _neighbours(
    makings: Makings, me: StoredRun, score: Score | None, around: Nearby, tables: Tables
) -> tuple[Neighbour, ...]:
    """The first few whose record speaks for its code."""
    if score is None:
        return ()
    shown = [one for one in around.near[:MOST_NEIGHBOURS] if speaks(one.run)]
    return tuple(
        Neighbour(one, effect(makings, one.run, me, score, around.repeated, tables)) for one in shown
    )
