"""What changed between a run and the one that it is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gitexp.formats.making import CODE, Cause, causes, in_order, same_roles
from gitexp.model.record import Record
from gitexp.model.roles import DATASET
from gitexp.ops.read import StoredRun
from gitexp.ops.why.against import Chosen
from gitexp.ops.why.code import code_changes, only_says_values
from gitexp.ops.why.effect import Effect
from gitexp.ops.why.explaining import Explained, Two, explain
from gitexp.ops.why.held import with_held
from gitexp.ops.why.makings import Makings


@dataclass(frozen=True, slots=True)
class Against:
    """What changed against another run."""

    chosen: Chosen
    causes: tuple[Cause, ...]
    explained: tuple[Explained, ...]
    same: tuple[str, ...]
    """The roles in which both are known to be the same."""
    effect: Effect | None

    @property
    def known(self) -> list[Cause]:
        """The causes that are known to be others."""
        return [one for one in self.causes if one.known]


def two_of(makings: Makings, old: StoredRun, new: StoredRun, record: Record) -> Two:
    """Two runs with what made them."""
    records = old.whole, record
    (code,) = code_changes(new.repo, makings, new, [old])
    pair = [
        replace(makings.of(run), packages=whole.requirements or None)
        for run, whole in zip((old, new), records, strict=True)
    ]
    inputs, both = (makings.inputs(old), makings.inputs(new)), (pair[0], pair[1])
    both = with_held((old, new), inputs, both)
    says = bool(code) and only_says_values(makings, old, new, code or ())
    return Two(old, new, records, inputs, both, code, says)


def causes_of(two: Two) -> list[Cause]:
    """What differs; trees that differ in nothing but what is told elsewhere are the same code."""
    found = causes(*two.makings)
    if two.code is None:
        return [one._replace(known=False) if one.role == CODE else one for one in found]
    return found if two.code and not two.says_values else [one for one in found if one.role != CODE]


def compared(chosen: Chosen, two: Two, judged: Effect | None) -> Against:
    """What the examples say of the data counts more than what was noted of it."""
    found: Sequence[Cause] = causes_of(two)
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
    )
