"""Regular expressions that cannot hang: searched in one pass over the text, without backtracking.

The pattern becomes a machine of states (Thompson, "Regular Expression Search Algorithm", 1968); all states
that it can be in are followed at once, and each set of them is worked out once and remembered. The work for
what is not remembered is counted, and bounded by the length of the texts: a search ends in a time that grows
with the text alone, or with TooCostly.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from gitexp.query.pattern_syntax import (
    Chain,
    Choice,
    Edge,
    Matches,
    Node,
    One,
    Repeat,
    Unreadable,
    is_word_letter,
    read,
)

__all__ = ["Pattern", "TooCostly", "Unreadable"]

MAX_STATES: Final = 4_000
CREDIT: Final = 500_000
"""Visits of states that a pattern may need in its life, and so many more for each character searched:"""
CREDIT_PER_LETTER: Final = 5
_MOST_REMEMBERED: Final = 50_000

_States: TypeAlias = tuple[frozenset[int], bool | None]
"""States before edges are looked at; and whether the letter before is of a word, None at the beginning."""


class TooCostly(Exception):
    """The pattern needs more steps for this text than are allowed."""


class Pattern:
    """A regular expression. Raises Unreadable."""

    def __init__(self, pattern: str) -> None:
        # One entry a state: what to match, the edge to be at, and the states after it.
        self._matches: list[Matches | None] = []
        self._edges: list[str] = []
        self._after: list[list[int]] = []
        self._built = 0
        self._end = self._state()
        self._start = self._build(read(pattern), self._end)
        self._credit = CREDIT
        self._remembered: dict[tuple[_States, str], _States | None] = {}

    def search(self, text: str) -> bool:
        """Whether a part of `text` matches; `^` and `$` are its beginning and end. Raises TooCostly."""
        self._credit += CREDIT_PER_LETTER * len(text)
        remembered = self._remembered
        now: _States = (frozenset((self._start,)), None)
        for letter in text:
            found = remembered.get((now, letter), now)
            if found is now and (now, letter) not in remembered:
                if len(remembered) >= _MOST_REMEMBERED:
                    remembered.clear()
                found = remembered[now, letter] = self._step(now, letter)
            if found is None:
                return True
            now = found
        return self._step(now, "") is None

    def _step(self, now: _States, letter: str) -> _States | None:
        """Where `letter` leads, empty at the end of the text; None where there was a match before it."""
        states = self._reached(now, letter)
        if self._end in states:
            return None
        after = {self._start}
        for state in states:
            matches = self._matches[state]
            if matches is not None and letter and matches(letter):
                after.update(self._after[state])
        return frozenset(after), bool(letter) and is_word_letter(letter)

    def _reached(self, now: _States, letter: str) -> set[int]:
        """`now` with all states that can be reached without a character, given the next one."""
        waiting, before = list(now[0]), now[1]
        word_edge = bool(before) is not (letter != "" and is_word_letter(letter))
        open_edges = {"": True, "^": before is None, "$": letter == "", "b": word_edge, "B": not word_edge}
        reached = set(waiting)
        while waiting:
            state = waiting.pop()
            if self._matches[state] is None and open_edges[self._edges[state]]:
                new = [one for one in self._after[state] if one not in reached]
                reached.update(new)
                waiting += new
        self._credit -= len(reached)
        if self._credit < 0:
            raise TooCostly
        return reached

    def _state(self, *after: int, matches: Matches | None = None, edge: str = "") -> int:
        if len(self._after) >= MAX_STATES:
            raise _too_long()
        self._matches.append(matches)
        self._edges.append(edge)
        self._after.append(list(after))
        return len(self._after) - 1

    def _build(self, node: Node, then: int) -> int:
        """The state from which `node` leads to `then`."""
        # Repeats of nothing make no states, but would be built for ever.
        self._built += 1
        if self._built > 2 * MAX_STATES:
            raise _too_long()
        if isinstance(node, One):
            return self._state(then, matches=node.matches)
        if isinstance(node, Edge):
            return self._state(then, edge=node.kind)
        if isinstance(node, Chain):
            for part in reversed(node.parts):
                then = self._build(part, then)
            return then
        if isinstance(node, Choice):
            return self._state(*[self._build(part, then) for part in node.parts])
        return self._build_repeat(node, then)

    def _build_repeat(self, node: Repeat, then: int) -> int:
        if node.most is None:
            loop = self._state(then)
            self._after[loop].append(self._build(node.part, loop))
            first = loop
        else:
            first = then
            for _ in range(node.most - node.least):
                first = self._state(then, self._build(node.part, first))
        for _ in range(node.least):
            first = self._build(node.part, first)
        return first


def _too_long() -> Unreadable:
    return Unreadable("too long with all its repeats")
