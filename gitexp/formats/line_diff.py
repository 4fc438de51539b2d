"""Which lines of two texts differ, of bounded length and in bounded time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_MOST_WORK = 4_000_000
"""Lines of one text times those of the other, what both begin and end with aside."""
_LONGEST = 400
"""Characters of a line that is shown."""


@dataclass(frozen=True, slots=True)
class LineDiff:
    """What is gone and what is new, without what is the same."""

    lines: tuple[str, ...]
    """Each begins with `-` or `+`."""
    more: int = 0
    """How many further lines differ; at least that many where the texts are too long to tell."""


def line_diff(old: str, new: str, most: int) -> LineDiff:
    """At most `most` of the lines that differ."""
    olds, news = _inner(old.splitlines(), new.splitlines())
    found = list(_changes(olds, news))
    return LineDiff(tuple(line[:_LONGEST] for line in found[:most]), max(0, len(found) - most))


def _inner(olds: list[str], news: list[str]) -> tuple[list[str], list[str]]:
    """Without the lines that both begin and end with."""
    start = 0
    while start < min(len(olds), len(news)) and olds[start] == news[start]:
        start += 1
    end = 0
    while end < min(len(olds), len(news)) - start and olds[-1 - end] == news[-1 - end]:
        end += 1
    return olds[start : len(olds) - end], news[start : len(news) - end]


def _changes(olds: Sequence[str], news: Sequence[str]) -> Iterator[str]:
    if len(olds) * len(news) > _MOST_WORK:
        yield from (f"-{line}" for line in olds)
        yield from (f"+{line}" for line in news)
        return
    for tag, a, b, c, d in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from (f"-{line}" for line in olds[a:b])
            yield from (f"+{line}" for line in news[c:d])
