"""Runs that have done the same before: of one code tree, with the same params and inputs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitexp.errors import NotFound
from gitexp.formats.assignment import flatten
from gitexp.formats.inputs import inputs_from
from gitexp.model.called_seeds import is_seed, parted
from gitexp.model.record import Input, Record, RunInfo, Status
from gitexp.model.values import Oid, Value, same
from gitexp.ops.compare import input_identities
from gitexp.ops.read import Listing, StoredRun, list_all
from gitexp.ops.staleness import is_stale
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Task:
    """What a run is to compute."""

    tree: Oid
    """The code tree."""
    command: tuple[str, ...]
    """As a record has it."""
    cwd: str
    params: Mapping[str, Value]
    """Those that are known before it begins, masked as recording masks them."""


def of_code(repo: Repository, tree: Oid, listing: Listing | None = None) -> list[StoredRun]:
    """Every finished run of a code tree, newest first; of those in `listing`, if that is at hand."""
    return [run for run in speaking_for(repo, tree, listing) if run.head.status == Status.FINISHED.value]


def speaking_for(repo: Repository, tree: Oid, listing: Listing | None = None) -> list[StoredRun]:
    """Every run whose record speaks for a code tree: what it claims is the code that its commit has."""
    return [run for run in (listing or list_all(repo)).with_code(tree) if speaks(run)]


def speaks(run: StoredRun) -> bool:
    """Whether a run has the code that its record claims."""
    try:
        return not is_stale(run)
    except NotFound:  # its objects are not here
        return False


def doing(repo: Repository, task: Task) -> list[StoredRun]:
    """The finished runs that have done the task, newest first, whatever they depended on besides."""
    return [
        run
        for run in of_code(repo, task.tree)
        if run.info.command == task.command and run.info.cwd == task.cwd and began_with(run, task.params)
    ]


def repeated(repo: Repository, record: Record, among: Sequence[StoredRun] | None = None) -> list[StoredRun]:
    """The finished runs of the same code, command, folder, inputs and params: that of `record`, too.

    Seeds may be others, in the params as in the command. `among` are the finished runs of that code, where
    they are known already.
    """
    params, inputs = _unseeded(record.params), _identities(record.inputs)
    way = _way(record.info)
    return [
        run
        for run in (of_code(repo, record.info.code.tree) if among is None else among)
        if _way(run.info) == way
        and same(_unseeded(run.record.params), params)
        and same(_identities(inputs_of(run)), inputs)
    ]


def is_witness(run: StoredRun) -> bool:
    """Whether it tells how much metrics vary: no reproduction does that itself was none."""
    verdict = run.info.reproduction
    return verdict is None or verdict.verdict.reproduced


def unlike(one: StoredRun, other: StoredRun) -> list[str]:
    """What two runs did not have in common that repetitions have: `code`, `command`, `params`, `inputs`."""
    parts = (
        ("code", one.info.code.tree == other.info.code.tree),
        ("command", _way(one.info) == _way(other.info)),
        ("params", same(_unseeded(one.record.params), _unseeded(other.record.params))),
        ("inputs", same(_identities(inputs_of(one)), _identities(inputs_of(other)))),
    )
    return [name for name, alike in parts if not alike]


def inputs_of(run: StoredRun) -> tuple[Input, ...]:
    """The inputs of a run, from the index where that has them."""
    return inputs_from(json.loads(run.row.tail.inputs))


def began_with(run: StoredRun, params: Mapping[str, Value]) -> bool:
    """Whether the run began with these params; it may have logged more of them while it went on."""
    known = flatten(run.record.params)
    earlier: Mapping[str, Sequence[Value]] = run.info.earlier_params
    first: dict[str, Any] = {**known, **{key: values[0] for key, values in earlier.items() if values}}
    return all(key in first and same(first[key], value) for key, value in flatten(params).items())


def _way(info: RunInfo) -> tuple[str, list[str]]:
    """The folder and the command without the values of its options for seeds."""
    return info.cwd, parted(info.command)[0]


def _unseeded(params: Mapping[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in flatten(params).items() if not is_seed(key)}


def _identities(inputs: Sequence[Input]) -> dict[str, Value]:
    """What each input is, seeds left out."""
    return input_identities([one for one in inputs if not is_seed(one.role)])
