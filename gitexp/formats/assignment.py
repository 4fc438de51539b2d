"""`key=value` as people type it behind `-S`, and what it does to params."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gitexp.errors import UnknownKey, UsageError
from gitexp.model.missing import MISSING, Missing
from gitexp.model.values import Value

Key: TypeAlias = tuple[str, ...]
"""The keys from the outermost mapping inwards."""

_PART = re.compile(r"((?:[^.\\]|\\.)*)\.", re.DOTALL)
_TO_ESCAPE = re.compile(r"\.|\\(?=[.\\]|\Z)")
_ESCAPED = re.compile(r"\\([.\\])")


@dataclass(frozen=True, slots=True)
class Assignment:
    key: Key
    value: Value
    add: bool = False
    """Whether the key may be new."""


def parse_assignment(text: str, option: str = "-S") -> Assignment:
    """`key=value`, or `+key=value` for a key that may be new. Raises UsageError, which names the option.

    The value is typed as in YAML 1.2: `1e-3`, `true`, `null`, `[1, 2]`, `{a: 1}`, `"1"`; the rest is text.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"{text!r} is not an assignment", hint=f"{option} {text}=<value>")
    add = name.startswith("+")
    return Assignment(split_key(name[1:] if add else name), typed(value), add)


def split_key(text: str) -> Key:
    """The parts of a dotted key, where `\\.` is a dot and `\\\\` a backslash. Raises UsageError."""
    parts = [_ESCAPED.sub(r"\1", match[1]) for match in _PART.finditer(text + ".")]
    if "" in parts:
        raise UsageError(f"invalid key {text!r}", hint="a key is words joined by '.', as in model.lr")
    return tuple(parts)


def join_key(key: Sequence[str]) -> str:
    """The inverse of `split_key`."""
    whole = ".".join(key)
    # Of a hundred thousand keys hardly one has anything to escape.
    plain = "\\" not in whole and whole.count(".") == len(key) - 1
    return whole if plain else ".".join(_TO_ESCAPE.sub(r"\\\g<0>", part) for part in key)


def flatten(params: Mapping[str, Value]) -> dict[str, Value]:
    """The leaves of `params` by dotted key; lists and empty mappings are leaves."""
    return {join_key(key): value for key, value in _leaves(params, ())}


def lookup(params: Mapping[str, Value], key: Key) -> Value:
    """What stands at `key`. Raises UnknownKey with the nearest key as hint."""
    node: Value = params
    for part in key:
        if not isinstance(node, Mapping) or part not in node:
            raise _unknown(params, key)
        node = node[part]
    return node


def apply(
    params: Mapping[str, Value], assignments: Iterable[Assignment]
) -> tuple[dict[str, Value], dict[Key, Value]]:
    """`params` with the assignments made, and the changes in the order in which they are to be made.

    Raises UnknownKey for a key that is not there and may not be new.
    """
    result = dict(params)
    changes: dict[Key, Value] = {}
    for assignment in assignments:
        if not assignment.add:
            lookup(result, assignment.key)
        result = with_value(result, assignment.key, assignment.value)
        changes.pop(assignment.key, None)
        changes[assignment.key] = assignment.value
    return result, changes


def has(params: Value, key: Key) -> bool:
    """Whether something stands at `key`."""
    for part in key:
        if not isinstance(params, Mapping) or part not in params:
            return False
        params = params[part]
    return True


def with_value(params: Mapping[str, Value], key: Key, value: Value) -> dict[str, Value]:
    """`params` with `value` at `key`; what is no mapping on the way there is replaced by one."""
    first, rest = key[0], key[1:]
    if rest:
        inner = params.get(first)
        value = with_value(inner if isinstance(inner, Mapping) else {}, rest, value)
    return {**params, first: value}


def with_changes(
    params: Mapping[str, Value], changes: Iterable[tuple[Key, Value | Missing]]
) -> dict[str, Value]:
    """`params` with all changes made in order as `with_value` and, where MISSING, `without_key` make one.

    Each mapping is copied once. Raises UnknownKey.
    """
    result = dict(params)
    copies: dict[Key, dict[str, Value]] = {}
    for key, value in changes:
        if value is MISSING and not has(result, key):
            raise _unknown(result, key)
        node = result
        for depth in range(1, len(key)):
            inner, copy = node.get(key[depth - 1]), copies.get(key[:depth])
            if copy is None or copy is not inner:
                copy = dict(inner) if isinstance(inner, Mapping) else {}
                copies[key[:depth]] = node[key[depth - 1]] = copy
            node = copy
        if value is MISSING:
            del node[key[-1]]
        else:
            node[key[-1]] = value
    return result


def without_key(params: Mapping[str, Value], key: Key) -> dict[str, Value]:
    """`params` without `key`, whose mapping stays, be it empty. Raises UnknownKey."""
    lookup(params, key)
    if len(key) == 1:
        return {name: value for name, value in params.items() if name != key[0]}
    inner = params[key[0]]
    assert isinstance(inner, Mapping)
    return {**params, key[0]: without_key(inner, key[1:])}


def typed(text: str) -> Value:
    """The value that people mean by `text`; see `parse_assignment`."""
    # Heavy, and most who ask for keys assign nothing.
    from gitexp.formats.yaml import read_flow
    from gitexp.formats.yaml_nodes import scalar

    bare = text.strip()
    if bare[:1] in ("[", "{", '"', "'"):
        return read_flow(bare, otherwise=text)
    value = scalar(bare) if bare else text
    return text if isinstance(value, str) else value


def _leaves(params: Mapping[str, Value], above: Key) -> Iterator[tuple[Key, Value]]:
    for name, value in params.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name), value


def _unknown(params: Mapping[str, Value], key: Key) -> UnknownKey:
    from difflib import get_close_matches

    name = join_key(key)
    known = list(flatten(params))
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    last = [other for other in known if split_key(other)[-1] == key[-1]]
    hint = f"did you mean {(near or last)[0]!r}? " if near or last else ""
    return UnknownKey(f"unknown parameter {name!r}", hint=f"{hint}to add a new one, write +{name}=<value>")
