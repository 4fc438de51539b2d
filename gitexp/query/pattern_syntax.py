"""Regular expressions read: the part of Python's syntax that a machine without backtracking can run.

Left out are back references, look-around, and flags other than a leading `(?i)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

MAX_PATTERN: Final = 1_000
MAX_GROUPS: Final = 50
MAX_REPEAT: Final = 1_000

Matches: TypeAlias = Callable[[str], bool]
"""Whether one character is one that is meant."""


class Unreadable(Exception):
    """A pattern that is no regular expression, or one that is not supported."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class One(NamedTuple):
    """One character."""

    matches: Matches


class Edge(NamedTuple):
    """A place between characters: `^`, `$`, `\\b` or `\\B`."""

    kind: str


class Chain(NamedTuple):
    parts: tuple[Node, ...]


class Choice(NamedTuple):
    parts: tuple[Node, ...]


class Repeat(NamedTuple):
    part: Node
    least: int
    most: int | None


Node: TypeAlias = One | Edge | Chain | Choice | Repeat

_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_KINDS: Final[dict[str, Matches]] = {
    "d": str.isdecimal,
    "s": str.isspace,
    "w": lambda c: c.isalnum() or c == "_",
}
_EDGES: Final = {"b": "b", "B": "B", "A": "^", "Z": "$", "z": "$"}
_HEX: Final = {"x": 2, "u": 4, "U": 8}
_NO_TWICE = "nothing to repeat"


def is_word_letter(letter: str) -> bool:
    """Whether `\\w` means it."""
    return _KINDS["w"](letter)


def read(pattern: str) -> Node:
    """The tree of a pattern. Raises Unreadable."""
    if len(pattern) > MAX_PATTERN:
        raise Unreadable(f"longer than {MAX_PATTERN} characters")
    folded = pattern.startswith("(?i)")
    reader = _Reader(pattern[4:] if folded else pattern, folded)
    node = reader.choice()
    if reader.rest:
        raise Unreadable("')' without '('")
    return node


class _Reader:
    def __init__(self, pattern: str, folded: bool) -> None:
        self._pattern = pattern
        self._at = 0
        self._groups = 0
        self._folded = folded

    @property
    def rest(self) -> bool:
        return self._at < len(self._pattern)

    def choice(self) -> Node:
        parts = [self._chain()]
        while self._took("|"):
            parts.append(self._chain())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _chain(self) -> Node:
        parts: list[Node] = []
        while self.rest and self._peek() not in "|)":
            parts.append(self._repeated())
        return parts[0] if len(parts) == 1 else Chain(tuple(parts))

    def _repeated(self) -> Node:
        node = self._atom()
        times = self._times()
        if times is None:
            return node
        # Greedy or not is the same where only the question is whether there is a match.
        self._took("?")
        if self._times() is not None:
            raise Unreadable("a repeat of a repeat", "put the first one into brackets")
        return Repeat(node, *times)

    def _times(self) -> tuple[int, int | None] | None:
        for sign, times in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._took(sign):
                return times
        end = self._pattern.find("}", self._at)
        if not self.rest or self._peek() != "{" or end < 0:
            return None
        least, comma, most = self._pattern[self._at + 1 : end].partition(",")
        counts = [number for number in (least, most) if number]
        # As for Python, other braces are only braces.
        if not all(n.isascii() and n.isdigit() for n in counts) or not (counts or comma):
            return None
        self._at = end + 1
        low = int(least or 0) if len(least) < 5 else MAX_REPEAT + 1
        high = (int(most) if len(most) < 5 else MAX_REPEAT + 1) if most else None if comma else low
        if max(low, high or 0) > MAX_REPEAT:
            raise Unreadable(f"more than {MAX_REPEAT} repeats")
        if high is not None and high < low:
            raise Unreadable("the least is more than the most")
        return low, high

    def _atom(self) -> Node:
        letter = self._take()
        if letter == "(":
            return self._group()
        if letter == "[":
            return One(self._class())
        if letter == ".":
            return One(lambda c: c != "\n")
        if letter in "^$":
            return Edge(letter)
        if letter in "*+?":
            raise Unreadable(_NO_TWICE)
        if letter == "\\" and self.rest and self._peek() in _EDGES:
            return Edge(_EDGES[self._take()])
        return One(self._escape() if letter == "\\" else self._same(letter))

    def _group(self) -> Node:
        self._groups += 1
        if self._groups > MAX_GROUPS:
            raise Unreadable(f"more than {MAX_GROUPS} groups")
        if self._took("?") and not self._took(":"):
            if not self._took("P<") or (end := self._pattern.find(">", self._at)) < 0:
                raise Unreadable(
                    "look-around and flags inside are not supported", "(?i) can stand at the beginning"
                )
            self._at = end + 1
        node = self.choice()
        if not self._took(")"):
            raise Unreadable("'(' without ')'")
        return node

    def _class(self) -> Matches:
        negated = self._took("^")
        members: list[Matches] = []
        while not members or not self._took("]"):
            if not self.rest:
                raise Unreadable("'[' without ']'")
            members.append(self._member())
        if negated:
            return lambda c: not any(member(c) for member in members)
        return lambda c: any(member(c) for member in members)

    def _member(self) -> Matches:
        low = self._member_letter()
        if callable(low):
            return low
        ahead = self._pattern[self._at : self._at + 2]
        if len(ahead) < 2 or ahead[0] != "-" or ahead[1] == "]":
            return self._same(low)
        self._take()
        high = self._member_letter()
        if callable(high) or high < low:
            raise Unreadable("a range of characters that goes backwards")
        if not self._folded:
            return lambda c: low <= c <= high
        return lambda c: any(low <= one <= high for one in (c, c.lower(), c.upper()) if len(one) == 1)

    def _member_letter(self) -> str | Matches:
        letter = self._take()
        if letter != "\\":
            return letter
        if self._took("b"):
            return "\b"
        return self._kind() or self._letter()

    def _escape(self) -> Matches:
        return self._kind() or self._same(self._letter())

    def _kind(self) -> Matches | None:
        kind = _KINDS.get(self._peek().lower()) if self.rest else None
        if kind is None:
            return None
        return kind if self._take().islower() else lambda c: not kind(c)

    def _letter(self) -> str:
        """The character that stands behind a backslash."""
        if not self.rest:
            raise Unreadable("a backslash at the end")
        letter = self._take()
        if letter in _HEX:
            return self._by_number(_HEX[letter])
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        if letter.isascii() and letter.isalnum():
            what = "back references are" if letter.isdigit() else f"'\\{letter}' is"
            raise Unreadable(f"{what} not supported")
        return letter

    def _by_number(self, length: int) -> str:
        digits = self._pattern[self._at : self._at + length]
        self._at += length
        try:
            return chr(int(digits if digits.isalnum() and len(digits) == length else "", 16))
        except (ValueError, OverflowError):
            raise Unreadable(f"{digits!r} is not the number of a character") from None

    def _same(self, letter: str) -> Matches:
        if not self._folded:
            return lambda c: c == letter
        lower, upper = letter.lower(), letter.upper()
        return lambda c: c.lower() == lower or c.upper() == upper

    def _peek(self) -> str:
        return self._pattern[self._at]

    def _take(self) -> str:
        if not self.rest:
            raise Unreadable("it ends too early")
        self._at += 1
        return self._pattern[self._at - 1]

    def _took(self, sign: str) -> bool:
        if not self._pattern.startswith(sign, self._at):
            return False
        self._at += len(sign)
        return True
