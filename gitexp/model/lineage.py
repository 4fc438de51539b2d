"""How runs hang together: what one made, another one used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeAlias

from gitexp.model.values import Digest


class StepOf(NamedTuple):
    """A step, as the place in a run where something was made or used."""

    number: int
    """From 1, in the order of the record."""
    name: str


class Made(NamedTuple):
    """That a run made a content."""

    run: str
    path: str
    """Of the artifact, a folder of artifacts, or the output of a step."""
    step: StepOf | None = None


class Used(NamedTuple):
    """That a run used a content."""

    run: str
    role: str
    path: str
    """Or the name, of what is no file of the working tree."""
    step: StepOf | None = None
    declared: bool = True
    """False where nobody spoke of it: it was only seen to be read."""


class Link(NamedTuple):
    """That what a run made was used, by another one or in a later step."""

    oid: Digest
    made: Made
    used: Used


class Kinship(str, Enum):
    """How a run comes from another one that its record names."""

    FORKED = "forked"
    MERGED = "merged"
    NESTED = "nested"
    """It was started by the other one."""
    REPRODUCED = "reproduced"
    PARENT = "parent"
    """One of the first three; what tells them apart is not here."""


class Kin(NamedTuple):
    """That a run comes from another one by its record."""

    kind: Kinship
    old: str
    new: str


class Loose(NamedTuple):
    """A content that hangs on one run alone."""

    oid: Digest
    at: Made | Used


class Place(NamedTuple):
    """A run, or one of its steps."""

    run: str
    step: StepOf | None = None


class Beyond(NamedTuple):
    """What is next to a place, on one side of it."""

    links: tuple[Link, ...] = ()
    kin: tuple[Kin, ...] = ()
    loose: tuple[Loose, ...] = ()
    """What it used and no run that is known made; below it, what it made and no run that is known used."""


Side: TypeAlias = Mapping[Place, Beyond]
"""All places that were met on the way up or down, the nearest first."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What was found above a start, below it, or both."""

    run: str | None
    """The run that was asked for; None where it was a content."""
    oid: Digest | None
    """The content that was asked for; None where it was a run."""
    label: str
    """The start in words: a run's name, a path, an oid."""
    up: bool
    down: bool
    makers: tuple[Made, ...]
    """Of the content that was asked for, the earliest first."""
    users: tuple[Used, ...]
    above: Side
    below: Side
    cut: frozenset[Place]
    """Places that were not looked beyond because of the depth that was asked for."""

    @property
    def links(self) -> list[Link]:
        """Those of both sides, each once."""
        return list(dict.fromkeys(link for one in self._all() for link in one.links))

    @property
    def kin(self) -> list[Kin]:
        return list(dict.fromkeys(kin for one in self._all() for kin in one.kin))

    @property
    def sources(self) -> list[Loose]:
        """What runs above used and no run that is known made."""
        return list(dict.fromkeys(loose for one in self.above.values() for loose in one.loose))

    @property
    def unused(self) -> list[Loose]:
        """What runs below made and no run that is known used."""
        return list(dict.fromkeys(loose for one in self.below.values() for loose in one.loose))

    def _all(self) -> Iterator[Beyond]:
        yield from self.above.values()
        yield from self.below.values()
