"""Which runs have reproduced another one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from gitexp.formats.record import info_from
from gitexp.model.record import Status
from gitexp.model.reproduction import Measured, Verdict
from gitexp.ops.archive.names import all_runs
from gitexp.ops.catalog import open_index
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Repeat:
    """A run that reproduces another one."""

    name: str
    verdict: Verdict
    on: str | None
    """The commit whose code ran instead."""
    started: str
    metrics: Mapping[str, Measured] = field(default_factory=dict)
    finished: bool = True
    """Whether it ran to its end."""
    lacking: tuple[str, ...] = ()
    """What could not be as it was."""


def reproductions_of(repo: Repository, name: str) -> tuple[Repeat, ...]:
    """The runs that reproduce the run `name`, newest first, as far as the index knows of them.

    It is not brought up to date for that: to look at one run must not cost more where there are many.
    """
    found: dict[str, Repeat] = {}
    for (one, _), tail in open_index(repo).reproducing(name).items():
        info = info_from(json.loads(tail.info))
        told = info.reproduction
        if told is not None and told.name == name and one in all_runs(repo, one):
            finished = info.status is Status.FINISHED
            found[one] = Repeat(
                one, told.verdict, told.on, info.started, told.metrics, finished, told.lacking
            )
    return tuple(sorted(found.values(), key=lambda repeat: repeat.started, reverse=True))
