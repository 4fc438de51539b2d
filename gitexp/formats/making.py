"""What made the results of a run, and in what the makings of two runs differ: values in, values out.

Values are compared as JSON texts: 1, 1.0 and true are three, and NaN is itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from gitexp.formats.assignment import flatten
from gitexp.formats.identity import counted, identity, vector, without_name
from gitexp.model.called_seeds import is_seed
from gitexp.model.record import Input
from gitexp.model.roles import DATASET, FILE, GRADER, ROLES, SEEDS, SETTINGS, UNTRACKED
from gitexp.model.values import Digest

PARAMS, COMMAND, CODE, PACKAGES, ENV = "params", "command", "code", "packages", "env"

Texts: TypeAlias = Mapping[str, str]
"""Dotted key -> a value as JSON."""
Pair: TypeAlias = tuple[str | None, str | None]
"""What stands at a key in the old and the new one; None for nothing."""
Owners: TypeAlias = frozenset[tuple[str, str]]
"""Role and identity of each input that a file is."""
Meant: TypeAlias = str | float | None
"""A word of a command, or the number that it spells."""

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_SHORTEST = 6
"""Characters of a JSON text, quotes included: two shorter texts may well be the same by accident."""
SEEN = frozenset((FILE, UNTRACKED))
"""Roles of files that nobody said anything of."""
_ORDER = {role: place for place, role in enumerate((*ROLES, FILE, PARAMS, COMMAND, CODE, PACKAGES, ENV))}


class Cause(NamedTuple):
    """One thing that is another one in two runs, and so may be why their results are."""

    role: str
    """That of an input, or `params`, `command`, `code`, `packages` or `env`; `seeds` for all seeds."""
    key: str | None = None
    """Of a param or a setting, or the path of a file that was only seen; None for all that the role has."""
    known: bool = True
    """Not so where only one of the runs tells what it had, or something of one name answered otherwise."""


@dataclass(frozen=True, slots=True)
class Making:
    """What is known of how the results of a run came about."""

    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Role -> the sorted identities of its inputs; seeds aside."""
    files: Mapping[str, Owners] = field(default_factory=dict)
    """Each file or folder, as `file_of` tells it -> what of `inputs` it is: role and identity."""
    leaves: Mapping[str, Texts] = field(default_factory=dict)
    """Role -> what its inputs say of themselves."""
    seen: Mapping[str, Texts] = field(default_factory=dict)
    """Role -> what was answered by its inputs."""
    params: Texts = field(default_factory=dict)
    """Without seeds."""
    command: tuple[str, ...] = ()
    """The folder and the words, without the values of options for seeds."""
    seeds: Texts = field(default_factory=dict)
    """`params.seed` or `command`: of what the run was told."""
    noted_seeds: Texts = field(default_factory=dict)
    """Those that were noted of it besides; one that is missing tells nothing."""
    code: str | None = None
    """The code tree; None where it is not known."""
    packages: str | None = None
    """What `requirements.txt` holds; None where it was not looked at, or there is none."""
    env: Texts = field(default_factory=dict)
    """What results may depend on of the rest; empty where nothing is known."""


def causes(old: Making, new: Making) -> list[Cause]:
    """What is not the same in both, in the order in which people ask for it.

    What says the same twice counts once: a setting that is a param, a word of the command that is one. A file
    that one was told of and the other was seen to read is the same file.
    """
    params = changed(old.params, new.params)
    leaves = {role: changed(old.leaves.get(role, {}), new.leaves.get(role, {})) for role in new.leaves}
    found = [*_of_inputs(old, new, leaves)]
    roles = {one.role for one in found}
    told = [(role, key, pair) for role in roles for key, pair in leaves.get(role, {}).items()]
    found += [Cause(PARAMS, key) for key, pair in params.items() if not (told and _is_told(key, pair, told))]
    if not _is_same_command(old.command, new.command, params.values()):
        found.append(Cause(COMMAND))
    if old.seeds != new.seeds or _differ(old.noted_seeds, new.noted_seeds):
        found.append(Cause(SEEDS))
    found += _of_surroundings(old, new)
    return in_order(dict.fromkeys(found))


def in_order(found: Iterable[Cause]) -> list[Cause]:
    """As people ask for them: inputs, their own roles behind ours, then params and the rest, seeds last."""
    return sorted(found, key=_place)


def changed_values(old: Making, new: Making) -> list[tuple[str, Pair]]:
    """What inputs and params say otherwise of themselves, by dotted key; sorted by where it is from."""
    pairs = list(changed(old.params, new.params).items())
    for role in sorted(old.leaves.keys() & new.leaves.keys()):
        pairs += changed(old.leaves[role], new.leaves[role]).items()
    pairs += changed(old.seeds, new.seeds).items()
    return pairs


def same_roles(old: Making, new: Making, found: Iterable[Cause]) -> list[str]:
    """The roles that both tell of, and that no cause is of."""
    other = {one.role for one in found}
    roles = {*old.inputs, *new.inputs}
    there = {
        one for one in roles if not _differing(one, old, new) or (one in old.inputs and one in new.inputs)
    }
    there |= {SEEDS} if old.seeds or old.noted_seeds.keys() & new.noted_seeds.keys() else set()
    for role, both in (
        (PARAMS, old.params and old.params == new.params),
        (COMMAND, old.command and old.command == new.command),
        (CODE, old.code and new.code),
        (PACKAGES, old.packages and new.packages),
        (ENV, old.env and new.env),
    ):
        there |= {role} if both else set()
    return [one.role for one in in_order(map(Cause, there - other))]


def changed(old: Texts, new: Texts) -> dict[str, Pair]:
    """The keys at which two mappings do not have the same, sorted."""
    keys = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    return {key: (old.get(key), new.get(key)) for key in keys}


def texts(values: Mapping[str, object]) -> dict[str, str]:
    """The leaves of `values` by dotted key, as JSON."""
    return {key: json.dumps(value) for key, value in flatten(values).items()}  # type: ignore[arg-type]


def vector_of(inputs: Iterable[Input]) -> dict[str, tuple[str, ...]]:
    """As `identity.vector`, seeds aside."""
    return vector(one for one in inputs if not is_seed(one.role))


def files_of(inputs: Iterable[Input]) -> dict[str, Owners]:
    """The files and folders among them, for `Making.files`."""
    found: dict[str, Owners] = {}
    for one in inputs:
        if one.oid is not None:
            place = file_of(one.oid, one.path or one.name)
            found[place] = found.get(place, frozenset()) | {(one.role, counted(one))}
    return found


def file_of(oid: Digest, path: str) -> str:
    """What a file is, and where."""
    return f"sha256:{oid} {path}"


def leaves_of(inputs: Iterable[Input]) -> dict[str, dict[str, str]]:
    """Role -> what its inputs say of themselves; under their names where there are several."""
    by_role: dict[str, list[Input]] = {}
    for one in inputs:
        if one.value is not None and not is_seed(one.role):
            by_role.setdefault(one.role, []).append(one)
    return {
        role: texts({one.name: without_name(one) for one in ones} if len(ones) > 1 else _alone(role, ones[0]))
        for role, ones in by_role.items()
    }


def seen_by(inputs: Iterable[Input]) -> dict[str, dict[str, str]]:
    """Role -> what its inputs answered, under the name of each."""
    found: dict[str, dict[str, str]] = {}
    for one in inputs:
        if one.seen:
            found.setdefault(one.role, {}).update(texts({one.name: one.seen}))
    return found


def graded_by(inputs: Sequence[Input], role: str, suite: str | None) -> frozenset[str]:
    """The identities of what a suite has of a role: the inputs of its name, or all where none has it."""
    ones = [one for one in inputs if one.role == role]
    own = [one for one in ones if one.name == suite] or ones
    return frozenset(map(identity, own))


def not_comparable(
    old: Sequence[Input], new: Sequence[Input], suite: str | None, *, regraded: bool = False
) -> list[str]:
    """Of dataset and grader those that both runs tell, and that are not the same.

    Where one of them was `regraded`, one that is not recorded is another grader: who grades anew replaces it.
    """
    found = []
    for role in (DATASET, GRADER):
        one, other = graded_by(old, role, suite), graded_by(new, role, suite)
        if one != other and ((one and other) or (regraded and role == GRADER)):
            found.append(role)
    return found


def _alone(role: str, one: Input) -> Mapping[str, object]:
    value = without_name(one)
    return value if isinstance(value, Mapping) else {role: value}


def _of_inputs(old: Making, new: Making, leaves: Mapping[str, Mapping[str, Pair]]) -> Iterator[Cause]:
    for role in {*old.inputs, *new.inputs}:
        one, other = old.inputs.get(role), new.inputs.get(role)
        if one == other:
            if _differ(old.seen.get(role, {}), new.seen.get(role, {})):
                yield Cause(role, known=False)
        elif not (left := _differing(role, old, new)):
            continue
        elif one is None or other is None:
            yield Cause(role, known=False)
        elif role == FILE:
            yield from (Cause(role, path) for path in _paths_of(left))
        elif role == SETTINGS and leaves.get(role):
            yield from (Cause(SEEDS) if is_seed(key) else Cause(role, key) for key in leaves[role])
        else:
            yield Cause(role)


def _differing(role: str, old: Making, new: Making) -> set[str]:
    """The identities that one of both has of a role, and the other has not, be it as what was only seen.

    Where both were told of the role, what they were told counts: they may have swapped two files.
    """
    one, other = (set(each.inputs.get(role, ())) for each in (old, new))
    if one == other or (one and other and role not in SEEN):
        return one ^ other
    return {*(one - other - _seen(role, old, new)), *(other - one - _seen(role, new, old))}


def _seen(role: str, mine: Making, its: Making) -> set[str]:
    """The identities of files of which one was told that they have a role, and that the other read."""
    return {
        text
        for place, owners in mine.files.items()
        for own, text in owners
        if own == role and any(role in SEEN or other in SEEN for other, _ in its.files.get(place, ()))
    }


def _paths_of(identities: Iterable[str]) -> set[str]:
    """The files that were only seen, of their identities in a vector."""
    return {text.partition(" ")[2] for text in identities}


def _of_surroundings(old: Making, new: Making) -> Iterator[Cause]:
    for role, one, other in (
        (CODE, old.code, new.code),
        (PACKAGES, old.packages, new.packages),
        (ENV, old.env, new.env),
    ):
        if one and other and one != other:
            yield Cause(role)


def _is_told(key: str, pair: Pair, told: Iterable[tuple[str, str, Pair]]) -> bool:
    """Whether an input says the same of itself that the param at `key` says."""
    last = key.rpartition(".")[2].lower()
    return any(
        pair == other and (last in (role, name.rpartition(".")[2].lower()) or all(map(_speaks, pair)))
        for role, name, other in told
    )


def _speaks(text: str | None) -> bool:
    return text is not None and text.startswith('"') and len(text) >= _SHORTEST


def _is_same_command(old: Sequence[str], new: Sequence[str], params: Iterable[Pair]) -> bool:
    """Whether commands differ in nothing but what params say as well."""
    if old == new:
        return True
    if len(old) != len(new) or old[:1] != new[:1]:
        return False
    pairs = {(_meant(_as_word(one)), _meant(_as_word(other))) for one, other in params}
    return all(one == other or _is_param(one, other, pairs) for one, other in zip(old, new, strict=True))


def _is_param(old: str, new: str, pairs: set[tuple[Meant, Meant]]) -> bool:
    (option, one, value), (same, other, another) = old.partition("="), new.partition("=")
    if (_meant(old), _meant(new)) in pairs:
        return True
    return bool(one and other and option == same and (_meant(value), _meant(another)) in pairs)


def _as_word(text: str | None) -> str | None:
    """A value as it stands in a command."""
    if text is None or not text.startswith('"'):
        return text
    word: str = json.loads(text)
    return word


def _meant(word: str | None) -> Meant:
    """A number however it is spelled: `1e-3` is typed for what a record has as 0.001."""
    if word is None or not _NUMBER.fullmatch(word):
        return word
    return float(word)


def _differ(old: Texts, new: Texts) -> bool:
    return any(old[key] != new[key] for key in old.keys() & new.keys())


def _place(one: Cause) -> tuple[int, str, str]:
    place = len(_ORDER) + 1 if one.role == SEEDS else _ORDER.get(one.role, _ORDER[FILE])
    return place, one.role, one.key or ""
