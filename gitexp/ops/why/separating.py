"""The command that makes the run which tells two causes apart."""

from __future__ import annotations

import json
import posixpath
import shlex
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from gitexp.errors import GitExpError
from gitexp.formats.assignment import flatten, typed
from gitexp.formats.canonical_json import to_json
from gitexp.formats.identity import tree_of
from gitexp.formats.inputs import NONE
from gitexp.formats.making import CODE, ENV, PACKAGES, PARAMS, Cause, Making, changed
from gitexp.model.record import How, Record
from gitexp.model.roles import DATASET, FILE, GRADER, SEEDS, SETTINGS, UNTRACKED
from gitexp.ops import params
from gitexp.ops.committed import params_files_at
from gitexp.ops.read import StoredRun
from gitexp.ops.repro.packages import installed, python_of
from gitexp.ops.repro.plan import interpreter_of
from gitexp.ops.runnable import runnable_command
from gitexp.ops.trust import provenance
from gitexp.ops.why.contents import are_in_code, revision
from gitexp.ops.why.explaining import Two
from gitexp.ops.why.set_variables import assigned, only_variables

_PLACE = "../apart"
"""Where the command makes a worktree; whoever types it may write another."""
_BY_HAND = (
    "none of them is a param in a file, a variable, or a file of the code: change one by hand, and run that"
)
_TRIED = 8
"""Causes that are looked at: of so many together one command more tells little, and each look costs."""


class Separation(NamedTuple):
    """How several causes can be told apart; nothing where there are none to tell apart."""

    command: str | None = None
    """What to type for a run that is the old one with one of the causes of the new one."""
    why_not: str | None = None
    """Why no command does it."""


def separating(two: Two, causes: Sequence[Cause], shown: Collection[Cause] = ()) -> Separation:
    """The command that tells causes apart: what a program holds as a text of its own, none can change.

    Of those that are `shown` there is a run that differs in nothing else.
    """
    known = [one for one in causes if one.known]
    # What seeds do is chance: by themselves they are no cause to be told apart.
    if len(known) < 2 or all(one in shown or one.role == SEEDS for one in known):
        return Separation()
    if obstacle := _cannot_run(two.old, two.records[0]):
        return Separation(why_not=obstacle)
    command = _command(two, known, shown)
    return Separation(command, None if command or shown else _BY_HAND)


def _command(two: Two, known: Sequence[Cause], shown: Collection[Cause]) -> str | None:
    repeated = None
    if Cause(CODE) not in shown and _are_code_and_params(two, known):
        repeated = f"git exp repro {two.old.name} --on {revision(two.new)}"
    if _is_elsewhere(two, known):
        # What is run here is run with what is here: as that changed, too, the old run shows what it does.
        return f"git exp repro {two.old.name}"
    # What was said with --use, nobody says to a repetition.
    if repeated is not None and not any(_uses(two.records[0])):
        return repeated
    # With other data, or another grader, the new run would not compare with the old one.
    left = [one for one in known if one not in shown]
    wanted = sorted(left, key=lambda one: one.role in (DATASET, GRADER))[:_TRIED]
    tries = (make(two, cause) for make in (_with_param, _with_files, _with_variables) for cause in wanted)
    return next((found for found in tries if found is not None), repeated)


def foreign(two: Two) -> str | None:
    """The name of the run of the two that must not be executed unless it was read; None where both may be."""
    for run in (two.old, two.new):
        try:
            if not provenance(run.repo, run).standing.trusted:
                return run.name
        except GitExpError:
            return run.name
    return None


def _cannot_run(run: StoredRun, record: Record) -> str | None:
    """Why the run cannot be executed again; None where it can."""
    info = record.info
    if info.source is not None:
        return f"run {run.name!r} was imported, and how it is made is not known"
    if not info.command or not info.status.executed:
        return f"run {run.name!r} has no command that repeats it"
    try:
        runnable_command(run.repo, info, hint="")
    except GitExpError as error:
        return error.message
    return None


def _are_code_and_params(two: Two, causes: Sequence[Cause]) -> bool:
    """Whether old params on new code are all that it takes: what else there is comes with the code."""
    others = {one.role for one in causes} - {CODE, PARAMS}
    if only_variables(two):
        others -= {ENV}  # a repetition sets those of the old run
    seeds = SEEDS in others and two.makings[0].seeds.keys() <= _in_files(two)
    return CODE in {one.role for one in causes} and not others - ({SEEDS} if seeds else set())


def _is_elsewhere(two: Two, causes: Sequence[Cause]) -> bool:
    """Whether the old run, of what changed, had other packages or another Python than there is here now."""
    roles = {one.role for one in causes}
    repo, record = two.old.repo, two.records[0]
    if not roles & {PACKAGES, ENV}:
        return False
    now = interpreter_of(repo, record, runnable_command(repo, record.info, hint=""))
    if now is None:
        return False
    if PACKAGES in roles and installed(now) != record.requirements:
        return True
    return ENV in roles and None not in (now.version, python_of(record)) and now.version != python_of(record)


def _in_files(two: Two) -> set[str]:
    return {f"params.{key}" for key in _file_params(two.old, two.records[0])}


def _with_param(two: Two, cause: Cause) -> str | None:
    """The old run's code with one param of the new one."""
    found = _param_of(cause, *two.makings)
    if found is None or found[0] not in _file_params(two.old, two.records[0]):
        return None
    return _in_worktree(two, f" -S {shlex.quote(f'{found[0]}={found[1]}')}")


def _with_files(two: Two, cause: Cause) -> str | None:
    """The old run's code with the files of one role as the new one had them."""
    olds, news = ({one.path: one for one in each if one.role == cause.role} for each in two.inputs)
    paths = [path for path, one in news.items() if path and path in olds and olds[path].oid != one.oid]
    paths = [path for path in paths if cause.role != FILE or path == cause.key]
    if not paths or cause.role == UNTRACKED or len(paths) > 3 or not are_in_code([two.new], paths):
        return None
    words = shlex.join([f":/{path}" for path in paths])
    return _in_worktree(two, first=f"git checkout {revision(two.new)} -- {words} && ")


def _with_variables(two: Two, cause: Cause) -> str | None:
    """The old run's code with the environment variables of the new one, where nothing else is another one."""
    if cause.role != ENV or not only_variables(two):
        return None
    variables = assigned(two, new=True)
    return _in_worktree(two, variables=variables) if variables else None


def _in_worktree(two: Two, options: str = "", *, first: str = "", variables: str | None = None) -> str:
    """What the old run produced is left out: it would be code of the new one, as it lies there.

    `variables` stand before the command; without any they are those of the old run, as far as they are known.
    """
    before = variables or assigned(two, new=False) or ""
    info = two.records[0].info
    folder = _PLACE if info.cwd == "." else f"{_PLACE}/{info.cwd}"
    command = shlex.join(runnable_command(two.old.repo, info, hint=""))
    words = "".join(f" --use {shlex.quote(one)}" for one in _uses(two.records[0]))
    return (
        f"git exp worktree --no-artifacts {two.old.name} {_PLACE} && cd {shlex.quote(folder)}"
        f" && {first}{before}git exp run{options}{words} -- {command}"
    )


def _uses(record: Record) -> Iterator[str]:
    """What `--use` may have said of inputs; where the program says it, too, it is the same input."""
    for one in record.inputs:
        if one.how is not How.DECLARED or one.role in (FILE, UNTRACKED):
            continue
        if one.none:
            yield f"{one.role}={NONE}"
        elif (
            one.path is not None
            and one.name == posixpath.basename(one.path)
            and (one.value is None or tree_of(one))
        ):
            yield f"{one.role}={posixpath.relpath(one.path, record.info.cwd)}"
        elif one.path is None and isinstance(one.value, str) and one.name == one.value == typed(one.value):
            yield f"{one.role}={one.value}"


def _param_of(cause: Cause, old: Making, new: Making) -> tuple[str, str] | None:
    """The key of the param that decides a cause, and its new value as it is typed."""
    pairs = changed(old.params, new.params)
    key: str | None = None
    if cause.role == PARAMS:
        key = cause.key if cause.key in pairs else None
    elif cause.role == SETTINGS and cause.key is not None:
        pair = changed(old.leaves.get(SETTINGS, {}), new.leaves.get(SETTINGS, {})).get(cause.key)
        key = next((key for key, other in pairs.items() if other == pair), None)
    text = pairs[key][1] if key is not None else None
    return None if key is None or text is None else (key, _typed(text))


def _typed(text: str) -> str:
    """A value as `-S` reads it: JSON is YAML, save for what it has no word for."""
    return {"NaN": ".nan", "Infinity": ".inf", "-Infinity": "-.inf"}.get(text) or to_json(json.loads(text))


def _file_params(run: StoredRun, record: Record) -> set[str]:
    """The params that stand in the params files of the run's code, by dotted key."""
    try:
        files = params_files_at(run.repo, run.commit, record.info.cwd)
    except GitExpError:
        return set()
    return set(flatten(params.merged(files)))
