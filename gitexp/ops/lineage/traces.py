"""What each run made and used, by the hashes of contents, in one pass over the index."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from math import inf
from typing import Any

from gitexp.artifacts.folders import identity
from gitexp.index.row import Row, Tail
from gitexp.model.lineage import Kin, Kinship, Made, StepOf, Used
from gitexp.model.paths import folders_of
from gitexp.model.roles import UNTRACKED
from gitexp.model.values import Digest

EMPTY = Digest("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
"""Of no bytes, and of an empty folder: that two runs have one of them says nothing."""
MAX_MAKERS = 100
"""Of a content that more runs made before it was used, the earliest are taken."""
_PREFIX = "sha256:"


@dataclass(slots=True)
class Traces:
    """Who made and who used which content."""

    runs: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Name -> when it started and ended, in seconds since 1970, the earliest first; endless while it runs."""
    made: dict[Digest, list[Made]] = field(default_factory=dict)
    """Content -> who made it, the earliest first."""
    used: dict[Digest, list[Used]] = field(default_factory=dict)
    made_by: dict[str, list[tuple[Digest, Made]]] = field(default_factory=dict)
    used_by: dict[str, list[tuple[Digest, Used]]] = field(default_factory=dict)
    parents: dict[str, list[Kin]] = field(default_factory=dict)
    children: dict[str, list[Kin]] = field(default_factory=dict)

    outer: dict[str, dict[int, int]] = field(default_factory=dict)
    """Run -> the number of a step -> that of the step that it is part of."""
    _had: dict[str, list[tuple[Digest, Made]]] = field(default_factory=dict)
    """Run that comes from others -> all that it had in the end, also what it had of them."""
    _inside: dict[str, dict[Digest, list[Made]]] = field(default_factory=dict)
    """Run -> content -> how it was made there; filled when it is asked for."""
    _users: dict[Digest, dict[Made, list[Used]]] = field(default_factory=dict)
    """Who used what each maker of a content made; filled when it is asked for."""

    def add_run(
        self,
        name: str,
        used: list[tuple[Digest, Used]],
        made: list[tuple[Digest, Made]],
        kin: Iterable[Kin],
    ) -> None:
        """A run that began after all that were added before."""
        for one in kin:
            self.parents.setdefault(name, []).append(one)
            self.children.setdefault(one.old, []).append(one)
        if name in self.parents:
            made = self._own(name, made)
        self.used_by[name], self.made_by[name] = used, made
        for oid, use in used:
            self.used.setdefault(oid, []).append(use)
        for oid, making in made:
            self.made.setdefault(oid, []).append(making)

    def _own(self, name: str, made: list[tuple[Digest, Made]]) -> list[tuple[Digest, Made]]:
        """Without what a fork has of the run that it was forked from: it did not make that."""
        begun = self.runs[name][0]
        parents = [kin.old for kin in self.parents[name] if kin.kind is Kinship.PARENT]
        origins = [one for one in parents if one in self.runs and self.runs[one][1] <= begun]
        inherited = {
            (oid, one.path) for origin in origins for oid, one in self._had.get(origin, self.made_by[origin])
        }
        self._had[name] = made
        return [(oid, one) for oid, one in made if one.step or (oid, one.path) not in inherited]

    def links_to(self, oid: Digest, one: Used) -> list[Made]:
        """Who made what `one` used: in its own run an earlier step, else other runs, the earliest first."""
        own = self._made_inside(one.run).get(oid, ())
        inside = [made for made in own if self._is_before(made, one)]
        if inside or (own and not one.declared):
            return inside
        end = self.runs[one.run][1]
        # What was made again later was not what was used, unless the clocks tell nothing.
        before = takewhile(lambda made: self.runs[made.run][0] <= end, self._others(oid, one))
        return list(islice(before, MAX_MAKERS)) or list(islice(self._others(oid, one), MAX_MAKERS))

    def _others(self, oid: Digest, one: Used) -> Iterator[Made]:
        return (made for made in self.made.get(oid, ()) if made.run != one.run)

    def links_from(self, oid: Digest, made: Made) -> list[Used]:
        """Who used what `made` tells of."""
        if oid not in self._users:
            users = self._users[oid] = {}
            for one in self.used.get(oid, ()):
                for maker in self.links_to(oid, one):
                    users.setdefault(maker, []).append(one)
        return self._users[oid].get(made, [])

    def _is_before(self, made: Made, one: Used) -> bool:
        """Whether the step that made it began before the one that used it, which is no part of that."""
        if made.step is None or one.step is None or made.step >= one.step:
            return False
        return not self._is_within(made.run, one.step, made.step)

    def meet(self, run: str, one: StepOf | None, other: StepOf | None) -> bool:
        """Whether what one step of a run used may be in what the other one made: one is within the other.

        What no step is known of may belong to any.
        """
        if one is None or other is None or one == other:
            return True
        return self._is_within(run, one, other) or self._is_within(run, other, one)

    def _is_within(self, run: str, one: StepOf, other: StepOf) -> bool:
        outer = self.outer.get(run, {})
        number: int | None = one.number
        while number is not None and number > other.number:
            number = outer.get(number)
        return number == other.number

    def is_own(self, oid: Digest, one: Used) -> bool:
        """Whether a run was seen to read what it has made itself."""
        return not one.declared and oid in self._made_inside(one.run)

    def _made_inside(self, run: str) -> dict[Digest, list[Made]]:
        if run not in self._inside:
            inside = self._inside[run] = {}
            for oid, made in self.made_by[run]:
                inside.setdefault(oid, []).append(made)
        return self._inside[run]


def trace(rows: Iterable[Row]) -> Traces:
    """What the runs of these rows made and used."""
    found = Traces()
    ordered = sorted(rows, key=lambda row: (row.head.started, row.head.name))
    values = _parsed(row.tail for row in ordered)
    for head, tail in ordered:
        name = head.name
        found.runs[name] = head.started, inf if head.ended is None else head.ended
        steps = list(_steps(values[tail.steps])) if tail.steps != "{}" else []
        made = list(_made(name, steps, values[tail.artifacts]))
        found.add_run(
            name,
            [*_without_replaced(_used(name, steps, values[tail.inputs]), made)],
            made,
            _kin(name, tail.info) if '"parents": ' in tail.info else (),
        )
        if outer := {step.number: told["within"] for step, told in steps if "within" in told}:
            found.outer[name] = outer
    return found


def _parsed(tails: Iterable[Tail]) -> dict[str, dict[str, Any]]:
    """Each text of the index and its value; of what many runs have in common there is one."""
    texts = list(dict.fromkeys(text for tail in tails for text in (tail.inputs, tail.artifacts, tail.steps)))
    # At once: that takes a third of the time.
    return dict(zip(texts, json.loads(f"[{','.join(texts)}]"), strict=True))


def _kin(name: str, info: str) -> Iterator[Kin]:
    told = json.loads(info)
    reproduced = (told.get("reproduction") or {}).get("of", {}).get("name")
    for parent in dict.fromkeys(told.get("parents") or ()):
        if parent != name:
            yield Kin(Kinship.REPRODUCED if parent == reproduced else Kinship.PARENT, parent, name)


def _steps(value: Mapping[str, Any]) -> Iterator[tuple[StepOf, dict[str, Any]]]:
    for number, told in enumerate(value.get("steps", ()), 1):
        yield StepOf(number, told["name"]), told


def _used(
    name: str, steps: Iterable[tuple[StepOf, dict[str, Any]]], inputs: Mapping[str, Any]
) -> Iterator[tuple[Digest, Used]]:
    """Each content that went in; where steps are known that used it, by them alone."""
    seen: set[Digest] = set()
    for step, told in steps:
        for oid, one in _things(told.get("inputs") or {}, name, step):
            seen.add(oid)
            yield oid, one
    for oid, one in _things(inputs, name, None):
        if oid not in seen:
            yield oid, one


def _without_replaced(
    used: Iterable[tuple[Digest, Used]], made: Sequence[tuple[Digest, Made]]
) -> Iterator[tuple[Digest, Used]]:
    """Without large files that only lay there, from an earlier run maybe, where this one put its own."""
    for oid, one in used:
        if one.role != UNTRACKED or not any(f"/{one.path}".endswith(f"/{own.path}") for _, own in made):
            yield oid, one


def _made(
    name: str, steps: Iterable[tuple[StepOf, dict[str, Any]]], artifacts: Mapping[str, Any]
) -> Iterator[tuple[Digest, Made]]:
    """Each content that came out, and each folder of artifacts."""
    seen: set[Digest] = set()
    for step, told in steps:
        for oid, one in _things(told.get("outputs") or {}, name, step):
            seen.add(oid)
            yield oid, Made(name, one.path, step)
    digests = {path: Digest(told["oid"][len(_PREFIX) :]) for path, told in artifacts.items()}
    for path, oid in digests.items():
        if oid not in seen and oid != EMPTY:
            yield oid, Made(name, path)
    for oid, path in folder_identities(digests):
        if oid not in seen:
            yield oid, Made(name, f"{path}/")


def folder_identities(artifacts: Mapping[str, Digest]) -> Iterator[tuple[Digest, str]]:
    """Each folder that artifacts stand in, by what `use` would note of one like it."""
    inside: dict[str, list[tuple[Digest, str]]] = {}
    for path, oid in artifacts.items():
        for folder in folders_of(path):
            inside.setdefault(folder, []).append((oid, path[len(folder) + 1 :]))
    for folder, members in inside.items():
        yield identity(members), folder


def _things(roles: Mapping[str, Any], run: str, step: StepOf | None) -> Iterator[tuple[Digest, Used]]:
    for role, ones in roles.items():
        for one in ones:
            oid = _content(one)
            if oid is not None and oid != EMPTY:
                told = one.get("path") or one["name"]
                yield oid, Used(run, role, told, step, one.get("how") != "observed")


def _content(one: Mapping[str, Any]) -> Digest | None:
    """The sha256 that an input is known by, as `formats.identity` takes it."""
    told = one.get("oid")
    if told is None:
        value = one.get("value")
        told = value.get("digest") if isinstance(value, dict) else None
    if not isinstance(told, str) or not told.startswith(_PREFIX) or len(told) != len(_PREFIX) + 64:
        return None
    return Digest(told.removeprefix(_PREFIX))
