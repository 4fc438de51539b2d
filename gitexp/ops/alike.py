"""Runs that have done the same before: of one code tree, with the same params and inputs."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from gitexp.formats.assignment import flatten, join_key
from gitexp.formats.inputs import inputs_from
from gitexp.index.row import shape_of
from gitexp.model.called_seeds import is_seed, parted
from gitexp.model.record import Input, Record, RunInfo, Status
from gitexp.model.submodules import altered
from gitexp.model.values import Oid, Value, same
from gitexp.ops.compare import input_identities
from gitexp.ops.first_params import began_with
from gitexp.ops.read import Listing, StoredRun, list_all
from gitexp.ops.seedless import Seedless, seedless
from gitexp.ops.staleness import altered_in, speaks
from gitexp.repo import Repository

_TOLD = 5


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


def doing(repo: Repository, task: Task) -> list[StoredRun]:
    """The finished runs that have done the task, newest first, whatever they depended on besides."""
    return [
        run
        for run in of_code(repo, task.tree)
        if run.info.command == task.command and run.info.cwd == task.cwd and began_with(run, task.params)
    ]


class Finished:
    """The finished runs, for whoever asks which of them repeat a run: each is looked into once."""

    def __init__(self, repo: Repository, listing: Listing | None = None) -> None:
        self._repo = repo
        self._given = listing
        self._of_code: dict[Oid, list[StoredRun]] = {}
        self._seedless: dict[tuple[Oid, str], Seedless | None] = {}

    def repeating(self, record: Record, commit: Oid | None = None) -> list[StoredRun]:
        """Those of the same code, command, folder, inputs and params, that of `record` too, newest first.

        Seeds may be others, in the params as in the command; with the `commit` of the record also where they
        stand in params files of the code. Code that is not known is that of no other run.
        """
        if not record.info.knows_code or altered(record.env):
            return []
        found = list(filter(_doing(record), self._with_tree(record.info.code.tree)))
        if commit is not None and any(map(is_seed, flatten(record.params))):
            found += self._reseeded(record, commit)
            found.sort(key=lambda run: (run.head.started, run.name), reverse=True)
        return found

    def witnesses(self, run: StoredRun) -> list[StoredRun]:
        """The run itself, and those that repeat it and tell how much its metrics vary."""
        found = self.repeating(run.whole, run.commit)
        return [run, *(one for one in found if one.name != run.name and is_witness(one))]

    def _reseeded(self, record: Record, commit: Oid) -> list[StoredRun]:
        """Those whose code is another one because of the seeds in its params files."""
        own = self._code(commit, record.info.cwd)
        if own is None:
            return []
        does = _doing(record, own.params)
        return [
            run
            for run in self._by_task.get(_task_of(record.info, record.params), ())
            if run.info.code.tree != record.info.code.tree
            and self._code(run.commit, run.info.cwd) == own
            and does(run)
            and speaks(run)
        ]

    def _with_tree(self, tree: Oid) -> list[StoredRun]:
        if tree not in self._of_code:
            self._of_code[tree] = of_code(self._repo, tree, self._listing)
        return self._of_code[tree]

    def _code(self, commit: Oid, folder: str) -> Seedless | None:
        key = commit, folder
        if key not in self._seedless:
            self._seedless[key] = seedless(self._repo, commit, folder)
        return self._seedless[key]

    @cached_property
    def _listing(self) -> Listing:
        return self._given or list_all(self._repo)

    @cached_property
    def _by_task(self) -> dict[str, list[StoredRun]]:
        """Of the runs with seeds among their params those that were told the same."""
        found: dict[str, list[StoredRun]] = {}
        for run in self._listing.runs:
            if run.head.status == Status.FINISHED.value and _has_seeds(run) and run.info.knows_code:
                found.setdefault(_task_of(run.info, run.record.params), []).append(run)
        return found


def repeated(repo: Repository, record: Record, commit: Oid | None = None) -> list[StoredRun]:
    """As `Finished.repeating`, for a single record."""
    return Finished(repo).repeating(record, commit)


def is_witness(run: StoredRun) -> bool:
    """Whether it tells how much metrics vary: no reproduction does that itself was none."""
    verdict = run.info.reproduction
    return verdict is None or verdict.verdict.reproduced


def unlike(one: StoredRun, other: StoredRun) -> list[str]:
    """What two runs have otherwise that repetitions have in common: `other code`, `other params`.

    Of code that is not known of both nobody can say that it is the same.
    """
    if any(not run.info.knows_code or altered_in(run) for run in (one, other)):
        return ["code that is not known"]
    files: Collection[str] = ()
    same_code = one.info.code.tree == other.info.code.tree
    if not same_code:
        left, right = (seedless(run.repo, run.commit, run.info.cwd) for run in (one, other))
        same_code = left is not None and left == right
        files = left.params if left is not None and same_code else ()
    parts = (
        ("code", same_code),
        ("command", _way(one.info) == _way(other.info)),
        ("params", same(_unseeded(one.record.params), _unseeded(other.record.params))),
        ("inputs", same(*(_identities(inputs_of(run), files) for run in (one, other)))),
    )
    return [f"other {name}" for name, alike in parts if not alike]


def told_alike(one: StoredRun, other: StoredRun) -> bool:
    """Whether both were told to do the same, seeds aside: command, folder and params."""
    return _way(one.info) == _way(other.info) and same(
        _unseeded(one.record.params), _unseeded(other.record.params)
    )


def likest(runs: Sequence[StoredRun], new: StoredRun) -> tuple[StoredRun, str]:
    """Of the runs that there are for a commit the first that was told what `new` was, else the first.

    With what a reader should know of the choice, which is nothing where all were told the same.
    """
    chosen = next((run for run in runs if told_alike(run, new)), runs[0])
    others = [run.name for run in runs if not told_alike(run, chosen)]
    why = "which was told" if told_alike(chosen, new) else "though none was told"
    note = f"held against {chosen.name}, {why} what {new.name} was; of its code, told otherwise: "
    return chosen, note + _few(others) if others else ""


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return ", ".join(names[:_TOLD]) + more


def inputs_of(run: StoredRun) -> tuple[Input, ...]:
    """The inputs of a run, from the index where that has them."""
    return inputs_from(json.loads(run.row.tail.inputs))


def _way(info: RunInfo) -> tuple[str, list[str]]:
    """The folder and the command without the values of its options for seeds."""
    return info.cwd, parted(info.command)[0]


def _unseeded(params: Mapping[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in flatten(params).items() if not is_seed(key)}


def _doing(record: Record, files: Collection[str] = ()) -> Callable[[StoredRun], bool]:
    """Whether a run did what `record` tells, code aside; what `files` hold is known to be the same."""
    way, params = _way(record.info), _unseeded(record.params)
    inputs = _identities(record.inputs, files)

    def does(run: StoredRun) -> bool:
        return (
            _way(run.info) == way
            and same(_unseeded(run.record.params), params)
            and same(_identities(inputs_of(run), files), inputs)
        )

    return does


def _identities(inputs: Sequence[Input], files: Collection[str] = ()) -> dict[str, Value]:
    """What each input is, seeds left out, and `files`."""
    return input_identities([one for one in inputs if not is_seed(one.role) and one.path not in files])


def _has_seeds(run: StoredRun) -> bool:
    return any(is_seed(join_key(path)) for path in shape_of(run.head.shape).params)


def _task_of(info: RunInfo, params: Mapping[str, Value]) -> str:
    """What a run was told to do, seeds aside, as a text to look it up by."""
    return json.dumps([_way(info), _unseeded(params)], sort_keys=True)
