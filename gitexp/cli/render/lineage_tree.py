"""The lineage of a run or a content as trees, one upwards and one downwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gitexp.cli.render.lineage_words import Runs, oid_text, run_text, step_text
from gitexp.cli.render.paint import Paint
from gitexp.cli.render.tree import Branch, tree_lines
from gitexp.cli.render.values import cut
from gitexp.cli.safe_text import safe
from gitexp.model.lineage import Beyond, Kinship, Lineage, Link, Made, Place, Side, Used

_DEEPEST = 20
"""Levels that are drawn: deeper ones no line has room for."""
_MOST = 20
"""Branches that are drawn below one run."""
_MOST_SEEN = 3
"""Of files that a run was seen to read: it reads its own code, too."""


_FROM = {
    Kinship.FORKED: "forked from",
    Kinship.MERGED: "merged from",
    Kinship.NESTED: "started by",
    Kinship.REPRODUCED: "reproduces",
    Kinship.PARENT: "comes from",
}
_TO = {
    Kinship.FORKED: "forked as",
    Kinship.MERGED: "merged into",
    Kinship.NESTED: "started",
    Kinship.REPRODUCED: "reproduced by",
    Kinship.PARENT: "led to",
}


class _Entry(NamedTuple):
    """A line below a place."""

    text: str
    place: Place | None = None
    """The place that it leads to."""
    inside: bool = False
    """Whether that is in the run that it stands below."""
    oid: str | None = None
    """The content that it is about."""

    def line(self, more: str = "") -> str:
        """The hash last: of all that is cut where there is no room for it, that is missed least."""
        return f"{self.text}{more}" + (f"  {oid_text(self.oid)}" if self.oid else "")


def lineage_page(found: Lineage, runs: Runs, paint: Paint, width: int | None) -> list[str]:
    """The start, and what is above and below it; what is below a place that is met twice is drawn once."""
    head = cut(safe(found.label) if found.run is None else run_text(runs, found.run), width)
    content = f"  {oid_text(found.oid)}" if found.oid and found.oid not in found.label else ""
    lines = [f"{paint('bold', head)}{content}"]
    if found.up:
        makers = [_maker(one, found, runs) for one in found.makers]
        lines += _part("Made of", _Drawing(found, found.above, runs, _above).all(makers), paint, width)
    if found.down:
        users = [_Entry(f"used by {_user(runs, one)}", Place(one.run, one.step)) for one in found.users]
        lines += _part("Used by", _Drawing(found, found.below, runs, _below).all(users), paint, width)
    return lines


def _part(heading: str, branches: Sequence[Branch], paint: Paint, width: int | None) -> Iterator[str]:
    yield ""
    yield paint("bold", heading)
    if not branches:
        yield "nothing that is recorded"
    yield from (cut(line, width) for line in tree_lines(branches))


@dataclass(slots=True)
class _Drawing:
    """A tree in the making."""

    found: Lineage
    side: Side
    runs: Runs
    entries: Callable[[Beyond, Runs], Iterable[_Entry]]
    drawn: set[Place] = field(default_factory=set)

    def all(self, nearest: Sequence[_Entry]) -> list[Branch]:
        return self._branches(nearest, 0) if self.found.run is None else self._below(Place(self.found.run), 0)

    def _below(self, place: Place, depth: int) -> list[Branch]:
        self.drawn.add(place)
        return self._branches(list(self.entries(self.side.get(place, Beyond()), self.runs)), depth)

    def _branches(self, entries: Sequence[_Entry], depth: int) -> list[Branch]:
        branches = [self._branch(one, depth) for one in entries[:_MOST]]
        left = len(entries) - _MOST
        return [*branches, Branch(f"and {left} more: --format json has all")] if left > 0 else branches

    def _branch(self, one: _Entry, depth: int) -> Branch:
        if one.place is None:
            return Branch(one.line())
        # A step of a run that was met as a whole stands there.
        place = one.place if one.place in self.side else Place(one.place.run)
        if place in self.found.cut:
            return Branch(one.line(" …"))
        if not any(self.side.get(place, ())) or (one.inside and place != one.place):
            return Branch(one.line())
        if place in self.drawn:
            return Branch(one.line(" (see above)"))
        if depth == _DEEPEST:
            return Branch(one.line(" …"))
        return Branch(one.line(), self._below(place, depth + 1))


def _above(found: Beyond, runs: Runs) -> Iterator[_Entry]:
    """What others made, the runs that it comes from, and all else that it was made of."""
    for link in sorted(found.links, key=lambda one: not one.used.declared):
        yield _made_of(link, runs)
    for kin in found.kin:
        yield _Entry(f"{_FROM[kin.kind]} {run_text(runs, kin.old)}", Place(kin.old))
    used = [(one.oid, one.at) for one in found.loose if isinstance(one.at, Used)]
    yield from (_source(oid, one) for oid, one in used if one.declared)
    seen = [(oid, one) for oid, one in used if not one.declared]
    if len(seen) > _MOST_SEEN:
        yield _Entry(f"{len(seen)} files that it was seen to read, made by no run")
    else:
        yield from (_source(oid, one) for oid, one in seen)


def _below(found: Beyond, runs: Runs) -> Iterator[_Entry]:
    for link in found.links:
        yield _used_by(link, runs)
    for kin in found.kin:
        yield _Entry(f"{_TO[kin.kind]} {run_text(runs, kin.new)}", Place(kin.new))
    for one in found.loose:
        yield _Entry(f"{_in_step(one.at, safe(one.at.path))}, used by no run", oid=one.oid)


def _source(oid: str, one: Used) -> _Entry:
    return _Entry(f"{_what(one)}, made by no run", oid=oid)


def _maker(one: Made, found: Lineage, runs: Runs) -> _Entry:
    text = _where(f"made by {run_text(runs, one.run)}", one, known=found.label)
    return _Entry(text, Place(one.run, one.step))


def _made_of(link: Link, runs: Runs) -> _Entry:
    made, used = link.made, link.used
    inside = made.run == used.run
    source = "the same run" if inside else run_text(runs, made.run)
    text = _where(f"{_what(used)} from {source}", made, known=used.path)
    return _Entry(text, Place(made.run, made.step), inside, link.oid)


def _used_by(link: Link, runs: Runs) -> _Entry:
    made, used = link.made, link.used
    inside = made.run == used.run
    user = f"{step_text(used)} of the same run" if inside else _user(runs, used)
    text = f"{_in_step(made, safe(made.path))} to {user}"
    return _Entry(text, Place(used.run, used.step), inside, link.oid)


def _what(one: Used) -> str:
    """`step train: dataset data/clean.csv`."""
    return _in_step(one, f"{safe(one.role)} {safe(one.path)}")


def _in_step(one: Made | Used, text: str) -> str:
    return ": ".join(filter(None, (step_text(one), text)))


def _where(text: str, one: Made, known: str | None = None) -> str:
    """With the step that made it, and what it was called there."""
    path = "" if known == one.path.rstrip("/") else f"as {safe(one.path)}"
    return ", ".join(filter(None, (text, step_text(one), path)))


def _user(runs: Runs, one: Used) -> str:
    return ", ".join(filter(None, (run_text(runs, one.run), step_text(one), f"as {safe(one.role)}")))
