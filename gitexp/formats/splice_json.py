"""Setting and removing values inside JSON text."""

from __future__ import annotations

import json
import json.decoder
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitexp.errors import BrokenFile
from gitexp.formats.assignment import Key, lookup
from gitexp.model.values import Value, same

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class _Member:
    key: str
    start: int
    value: int
    end: int
    """Where its key, its value, and what comes after it start."""


def parse(text: str, *, what: str) -> Value:
    """The value of a JSON text. Raises BrokenFile, for duplicate keys too."""
    try:
        value: Value = json.loads(text or "{}", object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        problem = error.msg[:1].lower() + error.msg[1:]
        raise BrokenFile(f"{what!r} line {error.lineno}, column {error.colno}: {problem}") from None
    except ValueError as error:
        raise BrokenFile(f"{what!r}: {error}") from None
    except RecursionError:
        raise BrokenFile(f"{what!r}: nested too deep") from None
    return value


def spelling(text: str, *, what: str) -> str:
    """What `like` takes: the text. Raises BrokenFile."""
    parse(text, what=what)
    return text


def set_value(
    text: str,
    key: Key,
    value: Value,
    expected: Mapping[str, Value],
    *,
    what: str,
    like: Sequence[str] = (),
) -> str:
    """`text` with `value` at `key`; `expected` is what it is to mean then.

    A value that one of `like` has at its key is written as there.
    """
    at = _skip(text, 0)
    if at == len(text):
        return text + _write(expected, text)
    for depth, part in enumerate(key):
        members = _members(text, at)
        found = next((member for member in members if member.key == part), None)
        if found is None:
            value = lookup(expected, key[: depth + 1])
            return _insert(text, at, members, part, _spelled(like, key[: depth + 1], value, text))
        at = found.value
        if depth + 1 == len(key) or text[at] != "{":
            value = lookup(expected, key[: depth + 1])
            return text[:at] + _spelled(like, key[: depth + 1], value, text) + text[found.end :]
    raise AssertionError("a key has at least one part")


def remove_key(text: str, key: Key, _expected: Mapping[str, Value], *, what: str) -> str:
    """`text` without `key`, which is in it."""
    at = _skip(text, 0)
    for part in key[:-1]:
        at = next(member for member in _members(text, at) if member.key == part).value
    members = _members(text, at)
    index = next(index for index, member in enumerate(members) if member.key == key[-1])
    if index + 1 < len(members):
        return text[: members[index].start] + text[members[index + 1].start :]
    # The comma before it goes, too; an object that was left empty is written as one.
    start = members[index - 1].end if index else at + 1
    end = members[index].end if index else _skip(text, members[index].end)
    return text[:start] + text[end:]


def _spelled(like: Sequence[str], key: Key, value: Value, text: str) -> str:
    """The value as the first of `like` that has it at `key` spells it, or else as we do."""
    for one in like:
        found = _at(one, key)
        if found is not None and same(json.loads(found), value):
            return found
    return _write(value, text)


def _at(text: str, key: Key) -> str | None:
    """The characters of the value at `key`, where there is one."""
    at, end = _skip(text, 0), len(text)
    for part in key:
        if text[at : at + 1] != "{":
            return None
        found = next((member for member in _members(text, at) if member.key == part), None)
        if found is None:
            return None
        at, end = found.value, found.end
    return text[at:end]


def _insert(text: str, at: int, members: list[_Member], key: str, new_value: str) -> str:
    new = f"{_write(key, text)}: {new_value}"
    if not members:
        return text[: at + 1] + new + text[at + 1 :]
    # A new member is set off as the first one is.
    space = text[at + 1 : members[0].start]
    end = members[-1].end
    return f"{text[:end]},{space or ' '}{new}{text[end:]}"


def _members(text: str, at: int) -> list[_Member]:
    """The members of the object that starts at `at`."""
    members: list[_Member] = []
    at = _skip(text, at + 1)
    while text[at] != "}":
        start = at
        key, at = _DECODER.raw_decode(text, at)
        value = _skip(text, _skip(text, at) + 1)
        end = _DECODER.raw_decode(text, value)[1]
        members.append(_Member(key, start, value, end))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return members


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _write(value: Value, text: str) -> str:
    return json.dumps(value, ensure_ascii=text.isascii())


def _unique(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice!r} stands in one object twice")
    return result
