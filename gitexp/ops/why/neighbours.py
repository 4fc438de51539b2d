"""What the runs show that differ from one run in a single thing."""

from __future__ import annotations

from dataclasses import dataclass

from gitexp.formats.making import Cause
from gitexp.ops.alike import speaks
from gitexp.ops.evaluations.reading import Known as Tables
from gitexp.ops.read import StoredRun
from gitexp.ops.why.comparing import Against, causes_of, two_of
from gitexp.ops.why.effect import Effect, effect
from gitexp.ops.why.makings import Makings
from gitexp.ops.why.nearby import Near, Nearby
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


def _step(makings: Makings, against: Against, one: Near, score: Score, tables: Tables) -> Step | None:
    """What the other run and a neighbour differ in, if that is the rest of what changed."""
    rest = [cause for cause in against.known if cause != one.cause]
    if len(rest) != 1 or len(against.known) != 2:
        return None
    old = against.chosen.run
    if causes_of(two_of(makings, old, one.run, one.run.whole)) != rest:
        return None
    return Step(rest[0], effect(makings, old, one.run, score_at(one.run, score.key), tables=tables))
