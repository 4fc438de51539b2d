"""What an importer gives back, and what it is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gitexp.interop.building import SuiteBuilder
from gitexp.interop.problems import Problems
from gitexp.interop.source import Source
from gitexp.model.evaluation import Metric, Suite
from gitexp.model.record import Input
from gitexp.model.values import Digest

OTHER_FORMAT = "leave --format out: what a log is, its content tells"
"""The hint where a log is none of the tool that was named."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a plain table mean what; those that are not named are found by their usual names."""

    id: str | None = None
    input: str | None = None
    target: str | None = None
    output: str | None = None
    epoch: str | None = None
    scores: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    """What scores are called as well, where none are named."""


@dataclass(frozen=True, slots=True)
class Request:
    """How a log is to be read."""

    suite: str | None = None
    """The name of the suite, where it is not to be the log's own."""
    cluster: str | None = None
    with_text: bool = False
    columns: Columns = field(default_factory=Columns)
    goal_of: Callable[[str], str | None] = lambda name: None
    digest: Digest | None = None
    """Of the log."""
    scored: bool = False
    """Whether every answer of a plain table has to have a score: one without counts as an error."""
    numbered: bool = True
    """Whether the rows of a plain table may be known by their places, where none has an id or a question."""

    metrics: tuple[Metric, ...] = ()
    """What is known of scores already: one that cannot be makes its row an error."""

    def builder(self, name: str, problems: Problems, cluster: str | None = None) -> SuiteBuilder:
        known = {one.name: one for one in self.metrics}
        cluster = self.cluster or cluster
        return SuiteBuilder(name, problems, cluster, self.with_text, self.goal_of, known=known)


@dataclass(frozen=True, slots=True)
class Imported:
    """What one run is to be made of."""

    suites: tuple[Suite, ...]
    inputs: tuple[Input, ...] = ()
    title: str | None = None
    started: str | None = None
    """RFC 3339 in UTC, as in records."""
    ended: str | None = None
    revision: str | None = None
    """The commit of the code, as the log spells it."""
    dirty: bool = False
    packages: Mapping[str, str] = field(default_factory=dict)
    """Name -> version, of what the log tells of."""

    @property
    def requirements(self) -> str:
        """The packages as lines of a requirements file."""
        plain = {
            name: version for name, version in self.packages.items() if _is_plain(name) and _is_plain(version)
        }
        return "".join(f"{name}=={plain[name]}\n" for name in sorted(plain))


def _is_plain(text: object) -> bool:
    return isinstance(text, str) and bool(re.fullmatch(r"[A-Za-z0-9._+!-]{1,100}", text, re.ASCII))


class Importer(Protocol):
    """A module that reads the logs of one tool."""

    NAME: str

    def recognises(self, source: Source) -> bool:
        """Whether it is one of this tool's logs, by what is in it. Raises BrokenFile."""

    def files(self, source: Source) -> Sequence[Path]:
        """The files that the log is made of, to be kept."""

    def read(self, source: Source, request: Request, problems: Problems) -> list[Imported]:
        """The runs that are in it. Raises BrokenFile where nothing can be read."""
