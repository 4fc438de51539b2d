"""Which lines of two texts differ, in bounded time whatever the texts are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

_MOST_EDITS = 300
"""Lines that may be gone or new before the texts are taken for two that have nothing in common."""
_MOST_LINES = 20_000
_LONGEST = 400
"""Characters of a line that is shown."""

Hunk: TypeAlias = tuple[list[str], list[str]]
"""Lines that are gone, and the lines that came in their place."""


@dataclass(frozen=True, slots=True)
class LineDiff:
    """What is gone and what is new, without what is the same."""

    lines: tuple[str, ...]
    """Each begins with `-` or `+`."""
    more: int = 0
    """How many further lines differ."""


def line_diff(old: str, new: str, most: int) -> LineDiff:
    """At most `most` of the lines that differ."""
    olds, news = old.splitlines(), new.splitlines()
    found = [
        sign + line
        for gone, come in hunks(olds, news) or [_inner(olds, news)]
        for sign, side in (("-", gone), ("+", come))
        for line in side
    ]
    return LineDiff(tuple(line[:_LONGEST] for line in found[:most]), max(0, len(found) - most))


def hunks(olds: Sequence[str], news: Sequence[str]) -> list[Hunk] | None:
    """The places at which two texts differ; None where they have too little in common to tell."""
    left, right = _inner(olds, news)
    if max(len(left), len(right)) > _MOST_LINES:
        return None
    kept = _kept(left, right)
    return None if kept is None else list(_hunks(left, right, kept))


def _inner(olds: Sequence[str], news: Sequence[str]) -> Hunk:
    """Without the lines that both begin and end with."""
    start = 0
    while start < min(len(olds), len(news)) and olds[start] == news[start]:
        start += 1
    end = 0
    while end < min(len(olds), len(news)) - start and olds[-1 - end] == news[-1 - end]:
        end += 1
    return list(olds[start : len(olds) - end]), list(news[start : len(news) - end])


def _hunks(olds: Sequence[str], news: Sequence[str], kept: Sequence[tuple[int, int]]) -> Iterator[Hunk]:
    a = b = 0
    for x, y in (*kept, (len(olds), len(news))):
        if x > a or y > b:
            yield list(olds[a:x]), list(news[b:y])
        a, b = x + 1, y + 1


def _kept(olds: Sequence[str], news: Sequence[str]) -> list[tuple[int, int]] | None:
    """The places of lines that stay; None where more than so many are gone or new.

    The greedy search of E. W. Myers, An O(ND) Difference Algorithm and Its Variations (1986).
    """
    ends: dict[int, int] = {1: 0}
    history: list[dict[int, int]] = []
    for edits in range(min(len(olds) + len(news), _MOST_EDITS) + 1):
        history.append(dict(ends))
        for k in range(-edits, edits + 1, 2):
            x = ends[k + 1] if _is_down(ends, k, edits) else ends[k - 1] + 1
            while x < len(olds) and x - k < len(news) and olds[x] == news[x - k]:
                x += 1
            ends[k] = x
            if x >= len(olds) and x - k >= len(news):
                return _traced(history, len(olds), len(news))
    return None


def _traced(history: Sequence[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    """The lines that stay on the way back from the ends of both texts."""
    kept: list[tuple[int, int]] = []
    for edits in range(len(history) - 1, -1, -1):
        ends, k = history[edits], x - y
        before = k + 1 if _is_down(ends, k, edits) else k - 1
        old_x = ends[before] if edits else 0
        old_y = old_x - before if edits else 0
        while x > old_x and y > old_y:
            x, y = x - 1, y - 1
            kept.append((x, y))
        x, y = old_x, old_y
    return kept[::-1]


def _is_down(ends: dict[int, int], k: int, edits: int) -> bool:
    """Whether the diagonal `k` is reached by a new line rather than by one that is gone."""
    return k == -edits or (k != edits and ends[k - 1] < ends[k + 1])
