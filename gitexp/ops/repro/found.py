"""Which runs have reproduced another one."""

from __future__ import annotations

from dataclasses import dataclass

from gitexp.index.row import Row, listed_info
from gitexp.model.reproduction import Verdict
from gitexp.ops.catalog import catalog, open_index
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Repeat:
    """A run that reproduces another one."""

    name: str
    verdict: Verdict
    on: str | None
    """The commit whose code ran instead."""


def reproductions_of(repo: Repository, name: str) -> tuple[Repeat, ...]:
    """The runs that reproduce the run `name`, newest first; only the index is asked."""
    found = catalog(repo)
    # A name holds nothing that a pattern of SQL or JSON would take for something else.
    tails = open_index(repo).tails_with(f'"reproduction": {{"of": {{"name": "{name}"')
    repeats = []
    for head in found.heads:
        fresh = found.fresh.get(head.name)
        tail = fresh.tail if fresh else tails.get((head.name, head.commit))
        if tail is not None and (repeat := _repeat(Row(head, tail), name)):
            repeats.append(repeat)
    return tuple(repeats)


def _repeat(row: Row, name: str) -> Repeat | None:
    if '"reproduction"' not in row.tail.info:
        return None
    told = listed_info(row.tail).reproduction
    return Repeat(row.head.name, told.verdict, told.on) if told is not None and told.name == name else None
