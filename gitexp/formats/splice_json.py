"""Setting and removing values inside JSON text."""

from __future__ import annotations

import json
import json.decoder
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitexp.errors import BrokenFile
from gitexp.formats.assignment import Key, lookup
from gitexp.formats.splices import Splice, spliced
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


class _Objects:
    """The objects of a text, each read when it is asked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._read: dict[int, dict[str, _Member]] = {}

    def members(self, at: int) -> dict[str, _Member]:
        """Those of the object that starts at `at`."""
        if at not in self._read:
            self._read[at] = {member.key: member for member in _members(self.text, at)}
        return self._read[at]

    def value(self, key: Key) -> str | None:
        """The characters of the value at `key`, where there is one."""
        at, end = _skip(self.text, 0), len(self.text)
        for part in key:
            found = self.members(at).get(part) if self.text[at : at + 1] == "{" else None
            if found is None:
                return None
            at, end = found.value, found.end
        return self.text[at:end]


def spelling(text: str, *, what: str) -> _Objects:
    """What `like` takes: the text. Raises BrokenFile."""
    parse(text, what=what)
    return _Objects(text)


def set_values(
    text: str,
    keys: Sequence[Key],
    expected: Mapping[str, Value],
    *,
    what: str,
    like: Sequence[_Objects] = (),
) -> str | None:
    """`text` with the values at `keys` that `expected` has, which is what it is to mean then.

    A value that one of `like` has at its key is written as there. None where several keys cannot be set at
    once.
    """
    if _skip(text, 0) == len(text):
        return text + _write(expected, text)
    objects = _Objects(text)
    splices: list[Splice] = []
    new: dict[int, dict[Key, str]] = {}
    for path in dict.fromkeys(_settable(objects, key) for key in keys):
        written = _spelled(like, path, lookup(expected, path), text)
        at, found = _place(objects, path)
        if found is None:
            new.setdefault(at, {})[path] = written
        else:
            splices.append(Splice(found.value, found.end, written, len(path)))
    splices += (_insert(objects, at, items) for at, items in new.items())
    return spliced(text, splices)


def _settable(objects: _Objects, key: Key) -> Key:
    """The part of `key` that can be set: up to the first that is missing, or that holds no object."""
    for depth in range(1, len(key)):
        _, found = _place(objects, key[:depth])
        if found is None or objects.text[found.value] != "{":
            return key[:depth]
    return key


def _place(objects: _Objects, key: Key) -> tuple[int, _Member | None]:
    """Where the object of a key starts, and its member there."""
    at = _skip(objects.text, 0)
    for part in key[:-1]:
        at = objects.members(at)[part].value
    return at, objects.members(at).get(key[-1])


def remove_keys(text: str, keys: Sequence[Key], _expected: Mapping[str, Value], *, what: str) -> str | None:
    """`text` without `keys`, which are in it; None where one is inside of another."""
    objects = _Objects(text)
    gone: dict[int, set[str]] = {}
    for key in keys:
        gone.setdefault(_place(objects, key)[0], set()).add(key[-1])
    return spliced(text, (cut for at, names in gone.items() for cut in _cuts(objects, at, names)))


def _cuts(objects: _Objects, at: int, names: Collection[str]) -> Iterator[Splice]:
    """The object at `at` without the members of these names."""
    members = list(objects.members(at).values())
    last = max((index for index, one in enumerate(members) if one.key not in names), default=-1)
    for index, one in enumerate(members[:last]):
        if one.key in names:
            yield Splice(one.start, members[index + 1].start, "")
    if last + 1 < len(members):
        # The comma before it goes, too; an object that was left empty is written as one.
        end = members[-1].end
        yield (
            Splice(members[last].end, end, "") if last >= 0 else Splice(at + 1, _skip(objects.text, end), "")
        )


def _spelled(like: Sequence[_Objects], key: Key, value: Value, text: str) -> str:
    """The value as the first of `like` that has it at `key` spells it, or else as we do."""
    for one in like:
        found = one.value(key)
        if found is not None and same(json.loads(found), value):
            return found
    return _write(value, text)


def _insert(objects: _Objects, at: int, items: Mapping[Key, str]) -> Splice:
    """New members at the end of the object at `at`."""
    text, members = objects.text, list(objects.members(at).values())
    new = [f"{_write(key[-1], text)}: {value}" for key, value in items.items()]
    if not members:
        return Splice(at + 1, at + 1, ", ".join(new))
    # A new member is set off as the first one is.
    space = text[at + 1 : members[0].start] or " "
    end = members[-1].end
    return Splice(end, end, "".join(f",{space}{one}" for one in new))


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
