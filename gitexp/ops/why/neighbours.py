"""What the runs show that differ from one run in a single thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitexp.formats.making import Cause, causes
from gitexp.ops.evaluations.reading import Known as Tables
from gitexp.ops.read import StoredRun
from gitexp.ops.staleness import speaks
from gitexp.ops.why.comparing import Against, causes_of, two_of
from gitexp.ops.why.effect import Effect, effect
from gitexp.ops.why.makings import Makings
from gitexp.ops.why.nearby import Near, Nearby, nearby
from gitexp.ops.why.score import Score, score_at

MOST = 5


@dataclass(frozen=True, slots=True)
class Step:
    """From the run that is held against to a neighbour, where they too differ in one thing alone."""

    cause: Cause
    effect: Effect


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A run that differs in one thing alone, and what that shows: its effect is from there to the run."""

    near: Near
    effect: Effect
    step: Step | None = None
    """Set where it stands between the two runs, and so tells two causes apart."""


def neighbours(
    makings: Makings,
    me: StoredRun,
    score: Score | None,
    around: Nearby,
    against: Against | None,
    tables: Tables,
) -> tuple[Neighbour, ...]:
    """The first few whose record speaks for its code; of the first that stands between, the step as well."""
    found: list[Neighbour] = []
    for one in around.near[:MOST]:
        if score is None or not speaks(one.run):
            continue
        step = None
        if against is not None and not any(other.step for other in found):
            step = _step(makings, against, one, score, tables)
        found.append(Neighbour(one, effect(makings, one.run, me, score, around.repeated, tables), step))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Beyond:
    """What there is around the run that is held against; each effect is from that one to the neighbour."""

    neighbours: tuple[Neighbour, ...]
    more: int
    """How many more there are."""
    unseen: int
    """How many runs were not looked at for that."""
    causes: frozenset[Cause]
    """Of all of them, and seeds where runs differ in these alone."""
    shown: tuple[Cause, ...]
    """The causes of which one has what the run itself has, and the rest is that of the other."""


def beyond(
    makings: Makings,
    me: StoredRun,
    runs: Sequence[StoredRun],
    score: Score,
    against: Against,
    told: Sequence[Neighbour],
    tables: Tables,
) -> Beyond:
    """Those of `runs` around the other run that are not `told` of already."""
    old = against.chosen.run
    around = nearby(me.repo, makings, old, runs, score.key, against.known, me.name)
    names = {one.near.run.name for one in told}
    left = [one for one in around.near if one.run.name not in names]
    found = [
        Neighbour(one, effect(makings, old, one.run, score_at(one.run, score.key), tables=tables))
        for one in left[:MOST]
        if speaks(one.run)
    ]
    mine = makings.of(me)
    shown = (one.cause for one in around.near if one.cause not in causes(makings.of(one.run), mine))
    more = len(left) - len(found) + around.more
    return Beyond(tuple(found), more, around.left_out, around.causes, tuple(shown))


def _step(makings: Makings, against: Against, one: Near, score: Score, tables: Tables) -> Step | None:
    """What the other run and a neighbour differ in, if that is the rest of what changed."""
    rest = [cause for cause in against.known if cause != one.cause]
    if len(rest) != 1 or len(against.known) != 2:
        return None
    old = against.chosen.run
    if causes_of(two_of(makings, old, one.run, one.run.whole)) != rest:
        return None
    return Step(rest[0], effect(makings, old, one.run, score_at(one.run, score.key), tables=tables))
