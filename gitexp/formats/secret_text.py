"""Finds `name=value`, `"name": "value"`, `--name value` and HTTP headers in text and masks the secret values.

Console output runs through this, so it must be quick on text without secrets and linear on hostile text: each
word that a secret's name may contain is searched for as a literal, and only a bounded stretch around a hit is
looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from gitexp.formats.secret_names import Suspicion
from gitexp.formats.secret_shapes import MASK, lower_shapes
from gitexp.formats.secret_values import believed, looks_random

Span = tuple[int, int]

_NEEDLES = ("auth", "cookie", "creds", "credential", "dsn", "jwt", "key", "pass", "pw", "secret", "token")
# `(?=(x))\1` takes x whole and never gives a part of it back, which keeps misses cheap.
_AFTER_NAME = (
    r"(?=([\w.-]{0,40}))\1((?:\\?[\"'\]]){0,2})"
    r"(?:(?P<assign>\s{0,8}(?::=|=>|==?|:)\s{0,8})"
    r"|(?P<comma>\s{0,2},\s{0,2}(?=\\?[\"']))|(?P<space>[ \t]{1,8}))"
)
_BEFORE = 90
_LONGEST_QUOTED = 8192
_MOST_ESCAPED = 64
_BACKWARDS = re.compile(r"[\w.-]{0,60}")
_OWNER = re.compile(r" ([A-Za-z0-9_]{1,30})")
_NEED_AN_OWNER = frozenset(("key", "Key", "KEY", "token", "Token", "TOKEN"))
_HEADERS = ("authorization", "cookie")
_SCHEME = re.compile(r"(?:basic|bearer|token|digest|negotiate|apikey|aws4-hmac-sha256)[ \t]+", re.IGNORECASE)
_QUOTE = re.compile(r"\\?[\"']")
_BARE = re.compile(r"[^\s\"']*")
_QUERY = re.compile(r"[^\s\"'&#]*")
_HEADER = re.compile(r"[^\n\"']*")
_CLOSERS = {")": "(", "]": "[", "}": "{", ",": "\n", ";": "\n", "\\": "\n"}  # a value has no line end


class TextScan:
    def __init__(self, suspicion: Callable[[str], Suspicion], extra_keys: Sequence[str] = ()) -> None:
        self._suspicion = lru_cache(maxsize=4096)(suspicion)
        self._needles = sorted({*_NEEDLES, *(key.lower() for key in extra_keys)})

    def mask(self, text: str) -> str:
        """`text` with the values of secret names masked."""
        lower = text.replace("İ", "I").lower()  # the one letter whose lower case has another length
        spans = [*self._named(text, lower), *_shaped(lower)]
        return _cut(text, spans) if spans else text

    def _named(self, text: str, lower: str) -> Iterator[Span]:
        for needle in self._needles:
            if needle not in lower:
                continue
            done = 0
            for match in _pattern(needle).finditer(lower):
                if match.start() >= done and (span := self._value(text, match)):
                    done = span[1]
                    yield span

    def _value(self, text: str, match: re.Match[str]) -> Span | None:
        """Where the secret is that the name around `match` stands for, if it is one."""
        before = text[max(0, match.start() - _BEFORE) : match.start()]
        assigned = match.lastgroup == "assign"
        if not assigned and "-" not in before:
            return None
        name = _name(before[::-1], text[match.start() : match.end(1)])
        option = name.startswith("-")
        level = self._suspicion(name)
        if level is Suspicion.NONE or not (assigned or option):
            return None
        start, end = _extent(text, match, header=name.lower().endswith(_HEADERS))
        value = text[start : min(end, start + 300)]
        if not believed(level, value):
            return None
        talk = level is not Suspicion.SURE and not option and not match[2] and match[3].strip() == ":"
        return None if talk and not looks_random(value) else (start, end)


@lru_cache
def _pattern(needle: str) -> re.Pattern[str]:
    """Compiled for the first text that has the word: most texts have none."""
    return re.compile(re.escape(needle) + _AFTER_NAME)


def _name(backwards: str, rest: str) -> str:
    """The whole name that ends in `rest`; `API key` is one. `backwards` is the text before, reversed."""
    match = _BACKWARDS.match(backwards)
    name = match.group()[::-1] + rest if match else rest
    if name in _NEED_AN_OWNER and match and (owner := _OWNER.match(backwards, match.end())):
        return f"{owner[1][::-1]}_{name}"
    return name


def _extent(text: str, match: re.Match[str], *, header: bool) -> Span:
    """Where the value begins and ends."""
    quote = _QUOTE.match(text, match.end())
    start = quote.end() if quote else match.end()
    if header and (scheme := _SCHEME.match(text, start)):
        start = scheme.end()
    if quote and (closing := _closing(text, start, quote.group())) >= 0:
        return start, closing
    in_query = text[max(0, match.start() - 61) : match.start()].rpartition(" ")[2]
    pattern = _HEADER if header else _QUERY if "?" in in_query or "&" in in_query else _BARE
    value = pattern.match(text, start)
    return start, start + len(_without_closers(value.group())) if value else start


def _without_closers(value: str) -> str:
    """`abc` of `abc),`: what closes something that was opened before the value."""
    while value and value[-1] in _CLOSERS and _CLOSERS[value[-1]] not in value:
        value = value[:-1]
    return value


def _closing(text: str, start: int, quote: str) -> int:
    """Where the quoted text ends, or -1 where it does not on this line. Bounded, for lines of a megabyte."""
    limit = start + _LONGEST_QUOTED
    line_end = text.find("\n", start, limit)
    limit = limit if line_end < 0 else line_end
    end = text.find(quote, start, limit)
    for _ in range(_MOST_ESCAPED):
        if end < 0 or len(quote) > 1 or not _escaped(text, start, end):
            return end
        end = text.find(quote, end + 1, limit)
    return -1


def _escaped(text: str, start: int, end: int) -> bool:
    slashes = 0
    while end - slashes > start and text[end - slashes - 1] == "\\":
        slashes += 1
    return slashes % 2 == 1


def _shaped(lower: str) -> Iterator[Span]:
    for shape in lower_shapes():
        for match in shape.finditer(lower):
            yield match.span(1)


def _cut(text: str, spans: Iterable[Span]) -> str:
    parts: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if start >= done:
            parts += (text[done:start], MASK)
        done = max(done, end)
    return "".join((*parts, text[done:]))
