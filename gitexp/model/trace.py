"""Spans: what a program did, call by call, as OpenTelemetry has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

from gitexp.model.values import Value

FORMAT = 1
"""The version of span files that this gitexp writes; it reads this and older ones."""


class Outcome(IntEnum):
    """How a span ended, by the numbers of OTLP."""

    UNSET = 0
    OK = 1
    ERROR = 2


@dataclass(frozen=True, slots=True)
class Message:
    """An item of a list that spans repeat: a message, the definition of a tool, a part of instructions."""

    key: str
    """The first digits of the sha256 of the value as canonical JSON: equal values have the same."""
    value: Value


Lists: TypeAlias = Mapping[str, tuple[Message, ...]]
"""Attributes that are lists of messages, by their names."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at one moment of a span."""

    name: str
    at: int = 0
    """Nanoseconds since 1970."""
    attributes: Mapping[str, Value] = field(default_factory=dict)
    lists: Lists = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """Another span that this one has to do with."""

    trace: str
    span: str
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """One thing that was done: a call of a model or of a tool, or what such calls were made for."""

    trace: str
    """32 hexadecimal digits."""
    span: str
    """16 hexadecimal digits."""
    name: str
    parent: str | None = None
    kind: int = 0
    """By the numbers of OTLP."""
    start: int = 0
    """Nanoseconds since 1970, as `end` is."""
    end: int = 0
    attributes: Mapping[str, Value] = field(default_factory=dict)
    lists: Lists = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    links: tuple[Link, ...] = ()
    outcome: Outcome = Outcome.UNSET
    message: str | None = None
    """What was said of an error."""
    resource: Mapping[str, Value] = field(default_factory=dict)
    """Attributes of the process that did it."""
    scope: Mapping[str, Value] = field(default_factory=dict)
    """`name` and `version` of what observed it."""

    @property
    def key(self) -> tuple[str, str]:
        return self.trace, self.span

    @property
    def seconds(self) -> float:
        return max(0, self.end - self.start) / 1e9
