"""The lines of a params file, each with the key that it belongs to: a comment goes with its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitexp.formats.assignment import Key


@dataclass(frozen=True, slots=True)
class Piece:
    """What belongs to one key."""

    above: str
    """The comments and the blank lines before it."""
    own: str
    """The lines of the key and its value; where keys stand below it, the line of the key alone."""
    column: int
    spans: tuple[tuple[int, int], ...] = ()
    """Where in `own` comments stand."""

    @property
    def comments(self) -> tuple[str, ...]:
        return tuple(self.own[start:end] for start, end in self.spans)

    def commented(self, other: Piece) -> Piece | None:
        """The same with the comments of `other`; None where it is not clear where they belong."""
        if len(self.spans) == len(other.spans):
            own = self.own
            pairs = zip(reversed(self.spans), reversed(other.comments), strict=True)
            for (start, end), comment in pairs:
                own = own[:start] + comment + own[end:]
            return replace(self, own=own)
        line = self.own.rstrip("\r\n")
        if "\n" in line or "\n" in other.own.rstrip("\r\n"):
            return None
        head = (line[: self.spans[0][0]] if self.spans else line).rstrip(" \t")
        ending = self.own[len(line) :]
        return replace(self, own=head + other.behind + ending)

    @property
    def behind(self) -> str:
        """The comment that ends its one line, with the space before it."""
        if not self.spans:
            return ""
        start, end = self.spans[0]
        return self.own[len(self.own[:start].rstrip(" \t")) : end]


@dataclass(frozen=True, slots=True)
class KeyLines:
    """A text, taken apart."""

    pieces: Mapping[Key, Piece]
    """In the order in which they stand there."""
    below: str
    """What follows on the last of them."""

    @property
    def text(self) -> str:
        parts = [part for one in self.pieces.values() for part in (one.above, one.own)]
        parts = [part for part in (*parts, self.below) if part]
        newline = "\r\n" if any("\r\n" in part for part in parts) else "\n"
        ended = (part if part.endswith("\n") else part + newline for part in parts[:-1])
        return "".join((*ended, *parts[-1:]))

    def comments(self) -> list[tuple[Key, str]]:
        """Each comment, with the key that it belongs to; what follows on the last key belongs to none."""
        found = [
            (key, comment)
            for key, one in self.pieces.items()
            for comment in (*_in_lines(one.above), *one.comments)
        ]
        return [*found, *(((), comment) for comment in _in_lines(self.below))]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key stands in a text."""

    key: Key
    start: int
    """Of its first line."""
    end: int
    """Behind the last of its own lines."""
    column: int
    comments: tuple[tuple[int, int], ...]


def taken_apart(text: str, places: Sequence[Place]) -> KeyLines | None:
    """None where two of the keys share a line, or are one."""
    pieces: dict[Key, Piece] = {}
    at = 0
    for one in places:
        if one.start < at or one.key in pieces:
            return None
        spans = tuple((start - one.start, end - one.start) for start, end in one.comments)
        pieces[one.key] = Piece(text[at : one.start], text[one.start : one.end], one.column, spans)
        at = one.end
    return KeyLines(pieces, text[at:])


def _in_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]
