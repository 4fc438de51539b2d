"""TOML taken apart into the lines of its keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gitexp.formats import splice_toml
from gitexp.formats.assignment import Key
from gitexp.formats.key_lines import KeyLines, Place, taken_apart

_TOKEN = re.compile(
    r'"""(?:\\.|(?!""").)*"{3,5}'
    r"|'''(?:(?!''').)*'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\r\n]*"
    r"|[\[\]{}=\n]",
    re.DOTALL,
)


def key_lines(text: str, *, what: str) -> KeyLines | None:
    """None where tables are in a list: that is one value. Raises BrokenFile."""
    splice_toml.parse(text, what=what)
    places = list(_places(text, what))
    return taken_apart(text, [one for one in places if one]) if all(places) else None


def _places(text: str, what: str) -> Iterator[Place | None]:
    """Of each key; None for a table of a list."""
    table: Key = ()
    at = 0
    while at < len(text):
        line = text[at:].partition("\n")[0]
        begin = line.lstrip()
        if not begin or begin.startswith("#"):
            at += len(line) + 1
            continue
        end, equals, comments = _statement(text, at)
        if begin.startswith("[["):
            yield None
        else:
            if begin.startswith("["):
                head = text[at : comments[0][0] if comments else end].strip()
                key = table = _key(head[1:-1], what)
            else:
                key = (*table, *_key(text[at:equals], what))
            yield Place(key, at, end, len(line) - len(begin), comments)
        at = end


def _statement(text: str, start: int) -> tuple[int, int, tuple[tuple[int, int], ...]]:
    """Behind the end of what begins at `start`, its first `=`, and where comments stand in it."""
    depth, equals, comments = 0, -1, []
    for match in _TOKEN.finditer(text, start):
        token = match[0]
        if token.startswith("#"):
            comments.append(match.span())
        elif token == "=" and equals < 0:
            equals = match.start()
        elif token in "[{":
            depth += 1
        elif token in "]}":
            depth -= 1
        elif token == "\n" and not depth:
            return match.end(), equals, tuple(comments)
    return len(text), equals, tuple(comments)


def _key(text: str, what: str) -> Key:
    found: Key = ()
    value = splice_toml.parse(f"{text} = 0", what=what)
    while isinstance(value, Mapping):
        ((name, value),) = value.items()
        found = (*found, name)
    return found
