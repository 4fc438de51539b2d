"""Whether a changed file says nothing but values that are known to have changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitexp.formats.line_diff import hunks
from gitexp.formats.making import Pair

_LEAST = 3
"""Characters of a line of text that is looked for in a value."""
_LONG = 6
"""Characters of a text that nobody writes by accident; what is shorter has to stand by its name."""
_QUOTES = " \t\"'`,()[]{}\\"


@dataclass(frozen=True, slots=True)
class _Value:
    """A value that is another one, as it may be written in a program."""

    name: str
    """The last key of its dotted one."""
    old: frozenset[str]
    new: frozenset[str]
    long: bool


def only_says(old: str, new: str, values: Iterable[tuple[str, Pair]]) -> bool:
    """Whether each line that differs holds an old value and its new one, or is a line of such a value.

    So a prompt that stands in a program is not told twice: as the prompt, and as the code. `values` are by
    dotted key. A number, or a word, explains one line that has its name as well: others that went from 1 to
    2 are not what the record tells of.
    """
    known = [_value(key, one, other) for key, (one, other) in values if one and other]
    found = hunks(old.splitlines(), new.splitlines())
    return bool(found) and all(
        _are_said(gone, come, known) or _are_within(gone, come, known) for gone, come in found or ()
    )


def _value(key: str, old: str, new: str) -> _Value:
    long = all(isinstance(value := json.loads(text), str) and len(value) >= _LONG for text in (old, new))
    return _Value(key.rpartition(".")[2], _as_said(old), _as_said(new), long)


def _as_said(text: str) -> frozenset[str]:
    """How a value may be written in a program."""
    value = json.loads(text)
    if not isinstance(value, str):
        return frozenset((text, repr(value)))
    return frozenset((value, text[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])) - {""}


def _are_said(gone: list[str], come: list[str], known: list[_Value]) -> bool:
    """Whether the lines are the same once values take each other's place; `known` loses what is used up."""
    if len(gone) != len(come):
        return False
    for one, other in zip(gone, come, strict=True):
        value = next((value for value in known if other in _with_new(one, value)), None)
        if value is None:
            return False
        if not value.long:
            known.remove(value)
    return True


def _with_new(line: str, value: _Value) -> Iterator[str]:
    """The line with the old value replaced, wherever it stands in it and may be meant."""
    for old in value.old:
        word = re.escape(old) if value.long else rf"(?<![\w.-]){re.escape(old)}(?![\w.])"
        for place in re.finditer(word, line):
            if value.long or _has_word(line[: place.start()], value.name):
                yield from (line[: place.start()] + new + line[place.end() :] for new in value.new)


def _has_word(text: str, name: str) -> bool:
    """Whether `text` names it, as `learning_rate` or as an option does: `--learning-rate`."""
    plain, wanted = (one.replace("-", "_").lower() for one in (text, name))
    return bool(wanted) and re.search(rf"(?<![a-z0-9])_*{re.escape(wanted)}(?!\w)", plain) is not None


def _are_within(gone: list[str], come: list[str], known: list[_Value]) -> bool:
    """Whether all of the lines are parts of one text's lines."""
    return any(
        value.long
        and all(_is_line_of(one, value.old) for one in gone)
        and all(_is_line_of(one, value.new) for one in come)
        for value in known
    )


def _is_line_of(line: str, texts: frozenset[str]) -> bool:
    bare = line.strip(_QUOTES)
    return not line.strip() or (len(bare) >= _LEAST and any(bare in text for text in texts))
