"""What changed between two runs, each kind of thing explained in its own way."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitexp.errors import GitExpError
from gitexp.formats.making import CODE, COMMAND, ENV, PACKAGES, PARAMS, Cause, Making, changed
from gitexp.model.missing import MISSING
from gitexp.model.record import Input, Record
from gitexp.model.roles import DATASET, FILE, SEEDS
from gitexp.ops.code_diff import FileChange, changed_files
from gitexp.ops.compare import Line, compare, side_of
from gitexp.ops.evaluations.matching import Matched
from gitexp.ops.read import StoredRun
from gitexp.ops.why.contents import are_in_code, revision
from gitexp.ops.why.inputs import inputs_explained

MOST_LINES = 12
"""Lines of a text that are told."""
_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class Explained:
    """What is another one of one role."""

    role: str
    known: bool = True
    """Not so where only one of the runs tells what it had."""
    changes: tuple[Line, ...] = ()
    """Key by key: what it was and what it is."""
    lines: tuple[str, ...] = ()
    """Of texts that differ: `-` and what is gone, `+` and what is new; of several each below its path."""
    more: int = 0
    """How many lines more there are."""
    files: tuple[FileChange, ...] = ()
    """Of code."""
    examples: Matched | None = None
    """Of a dataset whose examples were recorded."""
    note: str | None = None
    """What cannot be shown, and why; or what else there is to know."""
    see: str | None = None
    """The command that shows all of it."""


@dataclass(frozen=True, slots=True)
class Two:
    """Two runs with what made them."""

    old: StoredRun
    new: StoredRun
    records: tuple[Record, Record]
    inputs: tuple[Sequence[Input], Sequence[Input]]
    """Those that made the score."""
    makings: tuple[Making, Making]
    code: Sequence[str] | None = ()
    """The files of code that differ; None where that cannot be told."""
    says_values: bool = False
    """Whether these files differ in nothing but values that are told of elsewhere."""
    examples: Matched | None = None


def explain(two: Two, causes: Sequence[Cause]) -> list[Explained]:
    """The causes role by role, in their order; code that says the same once more is told as well."""
    roles: dict[str, list[Cause]] = {}
    for one in causes:
        roles.setdefault(one.role, []).append(one)
    if two.says_values:
        roles.setdefault(CODE, [])
    return [_explained(two, role, of_role) for role, of_role in roles.items()]


def _explained(two: Two, role: str, causes: Sequence[Cause]) -> Explained:
    old, new = two.makings
    if role == CODE:
        return _code(two)
    if not all(one.known for one in causes):
        answers = tuple(_lines(changed(old.seen.get(role, {}), new.seen.get(role, {}))))
        if role in old.inputs and role in new.inputs:
            return Explained(
                role, known=False, changes=answers, note="the same by name, and it answered otherwise"
            )
        lacks = two.new if role in old.inputs else two.old
        return Explained(role, known=False, note=f"not recorded in {lacks.name}")
    if role == PARAMS:
        keys = {one.key for one in causes}
        pairs = changed(old.params, new.params).items()
        return Explained(role, changes=tuple(_line(key, *pair) for key, pair in pairs if key in keys))
    if role == SEEDS:
        return Explained(role, changes=tuple(_seeds(old, new)))
    if role == ENV:
        return Explained(role, changes=tuple(_lines(changed(old.env, new.env))))
    if role == PACKAGES:
        return Explained(role, changes=compare([side_of(record) for record in two.records]).packages)
    if role == COMMAND:
        words = (f"{sign}{shlex.join(one.info.command)}" for sign, one in zip("-+", two.records, strict=True))
        return Explained(role, lines=tuple(words))
    return _input(two, role, {one.key for one in causes})


def _input(two: Two, role: str, keys: set[str | None]) -> Explained:
    examples = two.examples if role == DATASET and two.examples and not two.examples.same_data else None
    olds, news = (
        [one for one in each if one.role == role and (role != FILE or (one.path or one.name) in keys)]
        for each in two.inputs
    )
    told = inputs_explained(two.old, olds, two.new, news, MOST_LINES, two.code or ())
    paths = [f":/{path}" for path in told.paths if are_in_code((two.old, two.new), [path])]
    see = _git_diff(two, *paths) if 0 < len(paths) <= _MOST_NAMES else None
    if examples is not None:
        # The examples say what matters of the file that they are from.
        return Explained(role, changes=told.changes, examples=examples, see=see)
    return Explained(role, changes=told.changes, lines=told.lines, more=told.more, note=told.note, see=see)


def _code(two: Two) -> Explained:
    if two.code is None:
        return Explained(CODE, known=False, note="objects of it are not in this clone")
    see = _git_diff(two, ":!/.exp")
    try:
        (files,) = changed_files(two.new.repo.git, two.old.commit, [two.new.commit])
    except GitExpError:
        more = ", …" if len(two.code) > _MOST_NAMES else ""
        named = ", ".join(two.code[:_MOST_NAMES]) + more
        return Explained(CODE, note=f"its lines are not in this clone: {named}", see=see)
    wanted = set(two.code)
    found = tuple(one for one in files if one.path in wanted)
    note = "it says nothing but what is told above" if two.says_values else None
    return Explained(CODE, files=found, note=note, see=see)


def _git_diff(two: Two, *paths: str) -> str:
    return f"git diff {revision(two.old)} {revision(two.new)} -- {shlex.join(paths)}"


def _seeds(old: Making, new: Making) -> Iterator[Line]:
    yield from _lines(changed(old.seeds, new.seeds))
    both = old.noted_seeds.keys() & new.noted_seeds.keys()
    noted = ({key: one.noted_seeds[key] for key in both} for one in (old, new))
    yield from _lines(changed(*noted))


def _lines(pairs: Mapping[str, tuple[str | None, str | None]]) -> Iterable[Line]:
    return (_line(key, *pair) for key, pair in pairs.items())


def _line(key: str, old: str | None, new: str | None) -> Line:
    values = (MISSING if text is None else json.loads(text) for text in (old, new))
    return Line(key, tuple(values))
