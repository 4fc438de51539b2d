"""From a run or a content up to what it was made of, and down to what was made of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from gitexp.model.lineage import Beyond, Lineage, Link, Loose, Made, Place, Used
from gitexp.model.values import Digest
from gitexp.ops.lineage.traces import Traces

_Look: TypeAlias = Callable[[Traces, Place], tuple[Beyond, list[Place]]]
"""What is next to a place, and the places that it leads to."""


@dataclass(frozen=True, slots=True)
class Start:
    """A run or a content."""

    label: str
    run: str | None = None
    oid: Digest | None = None


def walk(traces: Traces, start: Start, *, up: bool, down: bool, depth: int | None = None) -> Lineage:
    """What is above `start`, below it, or both, at most `depth` runs away; each place is looked at once."""
    makers = traces.made.get(start.oid, []) if start.oid and up else []
    users = list(dict.fromkeys(_holding(traces, start.oid))) if start.oid and down else []
    above, below = _Walk(traces, _up), _Walk(traces, _down)
    if up:
        above.go(start, makers, depth)
    if down:
        below.go(start, users, depth)
    return Lineage(
        *(start.run, start.oid, start.label, up, down, tuple(makers), tuple(users)),
        above=above.met,
        below=below.met,
        cut=frozenset((*above.cut, *below.cut)),
    )


@dataclass(slots=True)
class _Walk:
    """One way from the start."""

    traces: Traces
    look: _Look
    met: dict[Place, Beyond] = field(default_factory=dict)
    cut: list[Place] = field(default_factory=list)

    def go(self, start: Start, nearest: Iterable[Made | Used], depth: int | None) -> None:
        """To all that there is: what was met is not gone to again, so that circles end."""
        ring, away = ([Place(start.run)], 0) if start.run else (list(self._new(map(_place, nearest))), 1)
        self.met.update(dict.fromkeys(ring, Beyond()))
        while ring and (depth is None or away < depth):
            ring, away = self._further(ring), away + 1
        self.cut += ring

    def _further(self, ring: list[Place]) -> list[Place]:
        """The next ring: steps of the same run are no further away."""
        following: list[Place] = []
        queue = deque(ring)
        while queue:
            place = queue.popleft()
            self.met[place], places = self.look(self.traces, place)
            for one in self._new(places):
                (queue if one.run == place.run else following).append(one)
                self.met[one] = Beyond()
        return following

    def _new(self, places: Iterable[Place]) -> Iterator[Place]:
        """Those that were not met: not even as part of a run that was met as a whole."""
        for one in dict.fromkeys(places):
            if one not in self.met and Place(one.run) not in self.met:
                yield one


def _place(one: Made | Used) -> Place:
    return Place(one.run, one.step)


def _up(traces: Traces, place: Place) -> tuple[Beyond, list[Place]]:
    links: list[Link] = []
    loose: list[Loose] = []
    for oid, used in traces.used_by.get(place.run, ()):
        if traces.meet(place.run, place.step, used.step):
            makers = traces.links_to(oid, used)
            links += (Link(oid, made, used) for made in makers)
            if not makers and not traces.is_own(oid, used):
                loose.append(Loose(oid, used))
    kin = tuple(traces.parents.get(place.run, ()))
    known = (Place(one.old) for one in kin if one.old in traces.runs)
    return Beyond(tuple(links), kin, tuple(loose)), [*(_place(one.made) for one in links), *known]


def _down(traces: Traces, place: Place) -> tuple[Beyond, list[Place]]:
    links: list[Link] = []
    alone: list[Loose] = []
    folders: list[str] = []
    for oid, made in traces.made_by.get(place.run, ()):
        if traces.meet(place.run, place.step, made.step):
            users = traces.links_from(oid, made)
            links += (Link(oid, made, used) for used in users)
            if not made.path.endswith("/"):
                alone += [] if users else [Loose(oid, made)]
            elif users:
                folders.append(made.path)
    # A file was used where the folder was that it stands in.
    loose = tuple(one for one in alone if not one.at.path.startswith(tuple(folders)))
    kin = tuple(traces.children.get(place.run, ()))
    places = [*(_place(one.used) for one in links), *(Place(one.new) for one in kin)]
    return Beyond(tuple(links), kin, loose), places


def _holding(traces: Traces, oid: Digest) -> Iterator[Used]:
    """Who used a content, as it is or in a folder of artifacts that it stands in."""
    yield from traces.used.get(oid, ())
    for made in traces.made.get(oid, ()):
        for folder, each in traces.made_by[made.run]:
            if each.path.endswith("/") and made.path.startswith(each.path):
                yield from traces.links_from(folder, each)
