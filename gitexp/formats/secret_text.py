"""Finds `name=value`, `"name": "value"`, `--name value` and HTTP headers in free text and masks the secret values.

Console output runs through this, so it must be quick on text without secrets and linear on hostile text: each
word that a secret's name may contain is searched for as a literal, and only a bounded stretch around a hit is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from gitexp.formats.secret_names import Suspicion
from gitexp.formats.secret_shapes import LOWER_SHAPES, MASK
from gitexp.formats.secret_values import believed, looks_random

Span = tuple[int, int]

_NEEDLES = ("token", "key", "secret", "pass", "pwd", "credential", "creds", "auth", "cookie", "jwt", "dsn")
_AFTER_NAME = (
    r"([\w.-]{0,40})((?:\\?[\"'\]]){0,2})"
    r"(?:(?P<assign>\s{0,8}(?::=|=>|==?|:)\s{0,8})|(?P<comma>\s{0,2},\s{0,2}(?=\\?[\"']))|(?P<space>[ \t]{1,8}))"
)
_BEFORE = re.compile(r"[\w.-]{0,60}\Z")
_LAST_WORD = re.compile(r"([A-Za-z0-9_]{1,30})[ ]\Z")
_SCHEME = re.compile(r"(?:basic|bearer|token|digest|negotiate|apikey|aws4-hmac-sha256)[ \t]+", re.IGNORECASE)
_QUOTE = re.compile(r"\\?[\"']")
_STARTS = re.compile(r"[^\s\"']{1,300}")
_BARE = re.compile(r"[^\s\"']*")
_QUERY = re.compile(r"[^\s\"'&#]*")
_HEADER = re.compile(r"[^\n\"']*")
_CLOSERS = ",;)]}\\"


class TextScan:
    def __init__(self, suspicion: Callable[[str], Suspicion], extra_keys: Sequence[str] = ()) -> None:
        self._suspicion = suspicion
        needles = {*_NEEDLES, *(key.lower() for key in extra_keys)}
        self._needles = [(needle, re.compile(re.escape(needle) + _AFTER_NAME)) for needle in sorted(needles)]

    def mask(self, text: str) -> str:
        """`text` with the values of secret names masked."""
        lower = text.replace("İ", "I").lower()  # the one letter whose lower case has another length
        spans = [*self._named(text, lower), *_shaped(lower)]
        return _cut(text, spans) if spans else text

    def _named(self, text: str, lower: str) -> Iterator[Span]:
        for needle, pattern in self._needles:
            if needle not in lower:
                continue
            position = 0
            while match := pattern.search(lower, position):
                span = self._value(text, match)
                position = max(span[1], match.start() + 1) if span else match.start() + len(needle)
                if span:
                    yield span

    def _value(self, text: str, match: re.Match[str]) -> Span | None:
        """Where the secret is that the name around `match` stands for, if it is one."""
        name = _name(text, match)
        option = name.startswith("-")
        if not match["assign"] and not option:
            return None
        level = self._suspicion(name)
        if level is Suspicion.NONE:
            return None
        start, end = _extent(text, match, header=name.lower().endswith(("authorization", "cookie")))
        value = text[start : min(end, start + 300)]
        if not believed(level, value):
            return None
        talk = level is not Suspicion.SURE and not option and not match[2] and match["assign"].strip() == ":"
        return None if talk and not looks_random(value) else (start, end)


def _name(text: str, match: re.Match[str]) -> str:
    before = _BEFORE.search(text, max(0, match.start() - 60), match.start())
    start = before.start() if before else match.start()
    name = text[start : match.end(1)]
    if name.lower() in ("key", "token") and (word := _LAST_WORD.search(text, max(0, start - 31), start)):
        return f"{word[1]}_{name}"
    return name


def _extent(text: str, match: re.Match[str], *, header: bool) -> Span:
    start = match.end()
    if quote := _QUOTE.match(text, start):
        closing = _closing(text, quote.end(), quote.group())
        if closing >= 0:
            return quote.end(), closing
        start = quote.end()
    if header and (scheme := _SCHEME.match(text, start)):
        start = scheme.end()
    in_query = text[max(0, match.start() - 61) : match.start()].rpartition(" ")[2]
    pattern = _HEADER if header else _QUERY if "?" in in_query or "&" in in_query else _BARE
    end = pattern.match(text, start).end()  # type: ignore[union-attr]
    while end > start and text[end - 1] in _CLOSERS:
        end -= 1
    return start, end


def _closing(text: str, start: int, quote: str) -> int:
    """Where the quoted text ends, or -1 where the line does first."""
    line_end = text.find("\n", start)
    limit = len(text) if line_end < 0 else line_end
    end = text.find(quote, start, limit)
    while end > 0 and len(quote) == 1 and _escaped(text, start, end):
        end = text.find(quote, end + 1, limit)
    return end


def _escaped(text: str, start: int, end: int) -> bool:
    slashes = 0
    while end - slashes > start and text[end - slashes - 1] == "\\":
        slashes += 1
    return slashes % 2 == 1


def _shaped(lower: str) -> Iterator[Span]:
    for shape in LOWER_SHAPES:
        if shape.needle in lower:
            yield from (match.span(1) for match in shape.pattern.finditer(lower))


def _cut(text: str, spans: Iterable[Span]) -> str:
    parts: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if start >= done:
            parts += (text[done:start], MASK)
        done = max(done, end)
    return "".join((*parts, text[done:]))
