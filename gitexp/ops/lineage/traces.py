"""What each run made and used, by the hashes of contents, in one pass over the index."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any

from gitexp.artifacts.folders import identity
from gitexp.formats.fold import folders_of
from gitexp.model.lineage import Kin, Made, StepOf, Used
from gitexp.model.values import Digest
from gitexp.ops.read import StoredRun

EMPTY = Digest("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
"""Of no bytes, and of an empty folder: that two runs have one of them says nothing."""
MAX_MAKERS = 100
"""Of a content that more runs made before it was used, the earliest are taken."""
_KIND_REPRODUCED, _KIND_PARENT = "reproduced", "parent"
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
    _inside: dict[tuple[Digest, str], list[Made]] = field(default_factory=dict)
    """Content and run -> how that run made it."""
    _users: dict[Digest, dict[Made, list[Used]]] = field(default_factory=dict)
    """Who used what each maker of a content made; filled when it is asked for."""

    def add_used(self, oid: Digest, one: Used) -> None:
        self.used.setdefault(oid, []).append(one)
        self.used_by.setdefault(one.run, []).append((oid, one))

    def add_made(self, oid: Digest, one: Made) -> None:
        self.made.setdefault(oid, []).append(one)
        self.made_by.setdefault(one.run, []).append((oid, one))
        self._inside.setdefault((oid, one.run), []).append(one)

    def links_to(self, oid: Digest, one: Used) -> list[Made]:
        """Who made what `one` used: in its own run an earlier step, else other runs, the earliest first."""
        own = self._inside.get((oid, one.run), ())
        inside = [made for made in own if made.step and one.step and made.step < one.step]
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
        return not one.declared and (oid, one.run) in self._inside


def trace(runs: Iterable[StoredRun]) -> Traces:
    """What `runs` made and used."""
    found = Traces()
    readers = [_Reader(run) for run in sorted(runs, key=lambda run: (run.head.started, run.name))]
    parse = _Parser()
    for one in readers:
        found.runs[one.name] = one.span
        if outer := one.outer(parse):
            found.outer[one.name] = outer
        for oid, used in one.used(parse):
            found.add_used(oid, used)
    for one in readers:
        _add_kin(found, one.kin())
    for one in readers:
        made = list(one.made(parse))
        for oid, each in _own(found, one, made):
            found.add_made(oid, each)
    return found


def _add_kin(found: Traces, kin: Iterable[Kin]) -> None:
    for one in kin:
        found.parents.setdefault(one.new, []).append(one)
        found.children.setdefault(one.old, []).append(one)


def _own(found: Traces, one: _Reader, made: Sequence[tuple[Digest, Made]]) -> Iterator[tuple[Digest, Made]]:
    """Without what a fork has of the run that it was forked from: it did not make that."""
    begun = one.span[0]
    origins = [
        kin.old
        for kin in found.parents.get(one.name, ())
        if kin.kind == _KIND_PARENT and kin.old in found.runs and found.runs[kin.old][1] <= begun
    ]
    inherited = {(oid, each.path) for name in origins for oid, each in found.made_by.get(name, ())}
    for oid, each in made:
        if each.step is not None or (oid, each.path) not in inherited:
            yield oid, each


class _Parser:
    """Texts of the index as values; most of the texts are those of other runs as well."""

    def __init__(self) -> None:
        self._last: dict[str, dict[str, Any]] = {"{}": {}}

    def __call__(self, text: str) -> dict[str, Any]:
        known = self._last.get(text)
        if known is None:
            if len(self._last) > 1000:
                self._last = {"{}": {}}
            known = self._last[text] = json.loads(text)
        return known


class _Reader:
    """One run as the index has it."""

    def __init__(self, run: StoredRun) -> None:
        self.name: str = run.name
        head, self._tail = run.row
        self.span = head.started, float("inf") if head.ended is None else head.ended

    def kin(self) -> Iterator[Kin]:
        text = self._tail.info
        if '"parents": ' not in text:  # most runs come from none
            return
        info = json.loads(text)
        reproduced = (info.get("reproduction") or {}).get("of", {}).get("name")
        for parent in dict.fromkeys(info.get("parents") or ()):
            if parent != self.name:
                yield Kin(_KIND_REPRODUCED if parent == reproduced else _KIND_PARENT, parent, self.name)

    def used(self, parse: _Parser) -> Iterator[tuple[Digest, Used]]:
        """Each content that went in once; where a step is known that used it, that step."""
        seen: set[Digest] = set()
        for step, told in self._steps(parse):
            for oid, one in _things(told.get("inputs") or {}, self.name, step):
                seen.add(oid)
                yield oid, one
        for oid, one in _things(parse(self._tail.inputs), self.name, None):
            if oid not in seen:
                yield oid, one

    def made(self, parse: _Parser) -> Iterator[tuple[Digest, Made]]:
        """Each content that came out once, and each folder of artifacts."""
        seen: set[Digest] = set()
        for step, told in self._steps(parse):
            for oid, one in _things(told.get("outputs") or {}, self.name, step):
                seen.add(oid)
                yield oid, Made(self.name, one.path, step)
        artifacts = {
            path: Digest(one["oid"].removeprefix(_PREFIX))
            for path, one in parse(self._tail.artifacts).items()
        }
        for path, oid in artifacts.items():
            if oid not in seen and oid != EMPTY:
                yield oid, Made(self.name, path)
        for oid, path in folder_identities(artifacts):
            if oid not in seen:
                yield oid, Made(self.name, f"{path}/")

    def outer(self, parse: _Parser) -> dict[int, int]:
        return {step.number: told["within"] for step, told in self._steps(parse) if "within" in told}

    def _steps(self, parse: _Parser) -> Iterator[tuple[StepOf, dict[str, Any]]]:
        for number, told in enumerate(parse(self._tail.steps).get("steps", ()), 1):
            yield StepOf(number, told["name"]), told


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
