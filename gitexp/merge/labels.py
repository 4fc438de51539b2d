"""Two edits of one run brought together, field by field."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitexp.model.record import RunInfo

FIELDS = ("title", "note", "group", "star")
"""The labels that hold one value."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One label that both sides changed, and not alike."""

    field: str
    ours: str | bool | None
    theirs: str | bool | None


@dataclass(frozen=True, slots=True)
class Merged:
    info: RunInfo
    conflicts: tuple[Conflict, ...]
    """Labels of which one side's value was dropped."""


def merge(base: RunInfo, ours: RunInfo, theirs: RunInfo, *, ours_is_later: bool = True) -> Merged:
    """`ours` with the labels that `theirs` changed since `base`; all else of a run never changes by edits.

    Tags are sets: what either side added is there, what either side took away is not. Where both sides gave
    another label different values the later one stands, and is told as a conflict. A verdict that either side
    has put on the run stays.
    """
    conflicts: list[Conflict] = []
    values: dict[str, str | bool | None] = {}
    for field in FIELDS:
        old, mine, other = (getattr(info, field) for info in (base, ours, theirs))
        if mine == other or other == old:
            values[field] = mine
        elif mine == old:
            values[field] = other
        else:
            values[field] = mine if ours_is_later else other
            conflicts.append(Conflict(field, mine, other))
    tags = merge_tags(base.tags, ours.tags, theirs.tags)
    info = replace(ours, tags=tags, **values)  # type: ignore[arg-type]
    # A verdict is written once, so there is nothing to fight about.
    known = (ours, theirs) if ours_is_later else (theirs, ours)
    verdict = next((one.reproduction for one in known if one.reproduction != base.reproduction), None)
    return Merged(replace(info, reproduction=verdict or base.reproduction), tuple(conflicts))


def merge_tags(base: tuple[str, ...], ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    """The three-way merge of sets, sorted."""
    old, mine, other = set(base), set(ours), set(theirs)
    added = (mine | other) - old
    return tuple(sorted((old & mine & other) | added))
