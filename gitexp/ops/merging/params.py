"""Params brought together key by key: those of the records, and those in the files that people edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from gitexp.errors import BrokenFile, UnknownKey
from gitexp.formats import params_file
from gitexp.formats.assignment import Assignment, Key, has, lookup, with_changes, with_value, without_key
from gitexp.merge.mappings import Conflict, Merged, changes, merge
from gitexp.model.missing import MISSING, Missing
from gitexp.model.values import Value, same
from gitexp.ops.drivers import comments
from gitexp.ops.drivers import params as drivers
from gitexp.ops.drivers.lines import Texts
from gitexp.ops.merging.choices import Choices, Given, Side
from gitexp.ops.merging.moved import Names

Params = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A merge of params after what the user said."""

    values: Params
    """Where a conflict is left, the base's value stands, or nothing."""
    left: tuple[Conflict, ...]
    settled: tuple[Key, ...]
    """The conflicts that the user resolved."""


@dataclass(frozen=True, slots=True)
class ResolvedFile:
    """A params file merged by its keys."""

    names: Names
    result: Resolved
    data: bytes
    """Its text, with the comments of both sides."""
    texts: Texts
    """What it was merged from."""
    notes: tuple[str, ...] = ()
    """The comments that it could not have."""

    @property
    def path(self) -> str:
        return self.names.path


def common(each: Sequence[Params]) -> Params:
    """What several best common ancestors have in common: a key on which they differ has no base."""
    return reduce(_shared, each) if each else {}


def combine(base: Params, ours: Params, theirs: Params, choices: Choices) -> Resolved:
    """The three-way merge, with the conflicts resolved that `choices` speaks of."""
    return resolve(merge(base, (ours, theirs)), choices)


def resolve(found: Merged, choices: Choices) -> Resolved:
    values, left, settled = dict(found.values), [], []
    for one in found.conflicts:
        choice = choices.of_param(one.key)
        if choice is None:
            left.append(one)
            continue
        settled.append(one.key)
        if isinstance(choice, Given):
            values = put(values, one.key, choice.value)
        else:
            values = put(values, one.key, one.values[0 if choice is Side.OURS else 1])
    return Resolved(values, tuple(left), tuple(settled))


def combine_file(
    names: Names,
    texts: Texts,
    choices: Choices,
    by_lines: Callable[[Texts], bytes | None],
    labels: tuple[str, str],
) -> ResolvedFile | None:
    """A params file merged by its keys; None where it has to be merged as text.

    `by_lines` is git's merge of texts, None where it finds a conflict; `labels` is what the sides are called.
    """
    path = names.path
    try:
        old, mine, other = (params_file.parse(path, one) for one in texts)
        found = merge(old, (mine, other))
        result = resolve(found, choices)
        # Where all three have what was decided, or for now the base's value, nothing is in conflict.
        settled = _settled(path, found, result, choices, texts)
        data = drivers.merge(path, settled, by_lines)
    except BrokenFile:
        return None
    if not isinstance(data, bytes):
        return None
    notes = comments.left_out(path, settled, data, names=labels)
    return ResolvedFile(names, result, data, texts, tuple(notes))


def _settled(path: str, found: Merged, result: Resolved, choices: Choices, texts: Texts) -> Texts:
    """The texts, each with what was decided; the comments there are those of the side that was taken."""
    keys = [one.key for one in found.conflicts]
    base, ours, theirs = (_with(path, one, result.values, keys, texts) for one in texts)
    taken = [one for one in found.conflicts if choices.of_param(one.key) is Side.THEIRS]
    ours = comments.with_lines_of(path, ours, texts.theirs, taken, unless_as=texts.base)
    return Texts(base, ours, theirs)


def _with(path: str, text: bytes, values: Params, keys: Sequence[Key], texts: Texts) -> bytes:
    """A params file with what `values` has at `keys`."""
    before = after = params_file.parse(path, text)
    for key in keys:
        after = put(after, key, value_at(values, key))
    return params_file.edit(path, text, changes(before, after), texts.as_sources)


def narrowed(one: ResolvedFile, stage: int) -> bytes:
    """The merged file with what the base (0), our (1) or the other side (2) has where they conflict.

    So that three such files differ in nothing else, whatever else was changed on neighbouring lines.
    """
    values: Params = one.result.values
    for conflict in one.result.left:
        values = put(values, conflict.key, (conflict.base, *conflict.values)[stage])
    changed = changes(one.result.values, values)
    text = params_file.edit(one.path, one.data, changed, one.texts.as_sources)
    return comments.with_lines_of(one.path, text, one.texts[stage], one.result.left)


def put(params: Params, key: Key, value: Value | Missing) -> dict[str, Value]:
    """`params` with `value` at `key`, or without the key."""
    if value is not MISSING:
        return with_value(params, key, value)
    return without_key(params, key) if has(params, key) else dict(params)


def over(params: Params, changed: Mapping[Key, Value | Missing]) -> Params:
    """`params` with what was changed; what was taken away stays."""
    return with_changes(params, [(key, value) for key, value in changed.items() if value is not MISSING])


def value_at(params: Params, key: Key) -> Value | Missing:
    return lookup(params, key) if has(params, key) else MISSING


def assign(params: Params, assignments: Sequence[Assignment], known: Sequence[Params]) -> dict[str, Value]:
    """`params` with the assignments made. Raises UnknownKey for a key that none of `known` has either."""
    for one in assignments:
        if not one.add and not any(has(each, one.key) for each in (params, *known)):
            raise _unknown(params, one.key)
        params = with_value(params, one.key, one.value)
    return dict(params)


def _unknown(params: Params, key: Key) -> UnknownKey:
    try:
        lookup(params, key)
    except UnknownKey as error:
        return error
    raise AssertionError("the key is not there")


def _shared(one: Params, other: Params) -> Params:
    found: dict[str, Value] = {}
    for key, value in one.items():
        there = other.get(key, MISSING)
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            found[key] = _shared(value, there)
        elif same(value, there):
            found[key] = value
    return found
