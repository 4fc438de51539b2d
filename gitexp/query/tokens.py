"""The text of a query cut into words and signs."""

from __future__ import annotations

import re
from typing import NamedTuple

from gitexp.query.fault import fault
from gitexp.query.tree import Place

MAX_LENGTH = 20_000

_TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |(?P<operator><=|>=|==|!=|!~|=~|<|>|=|~)
    |(?P<sign>[()\[\],])
    |(?P<word>(?:[^\s()\[\],<>=!~"']+|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')+)""",
    re.VERBOSE | re.DOTALL,
)
_PIECE = re.compile(r"""[^"']+|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_ESCAPED = re.compile(r"""\\(["'\\])""")
_SPELLINGS = {"==": "=", "=~": "~"}


class Piece(NamedTuple):
    """A part of a word that is in quotes, or is not."""

    text: str
    quoted: bool


class Token(NamedTuple):
    kind: str
    """`word`, `operator`, `end`, or the sign itself."""
    text: str
    """Of a word without its quotes."""
    place: Place
    pieces: tuple[Piece, ...] = ()

    @property
    def quoted(self) -> bool:
        """Whether a part of it is in quotes."""
        return any(piece.quoted for piece in self.pieces)

    @property
    def keyword(self) -> str:
        """In lower case, for a word without quotes; else empty."""
        return "" if self.kind != "word" or self.quoted else self.text.lower()


def tokens(text: str) -> list[Token]:
    """All of them and one `end`. Raises QueryError."""
    if len(text) > MAX_LENGTH:
        raise fault(f"a query may have {MAX_LENGTH} characters; it goes on", text, (MAX_LENGTH, MAX_LENGTH))
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            raise _unreadable(text, position)
        if match.lastgroup != "blank":
            found.append(_token(match))
        position = match.end()
    found.append(Token("end", "", (len(text), len(text))))
    return found


def _token(match: re.Match[str]) -> Token:
    text = match[0]
    if match.lastgroup == "operator":
        return Token("operator", _SPELLINGS.get(text, text), match.span())
    if match.lastgroup == "sign":
        return Token(text, text, match.span())
    pieces = tuple(_piece(raw) for raw in _PIECE.findall(text))
    return Token("word", "".join(piece.text for piece in pieces), match.span(), pieces)


def _piece(raw: str) -> Piece:
    # Any other backslash stands for itself, so that "\d+" is the pattern that it looks like.
    return Piece(_ESCAPED.sub(r"\1", raw[1:-1]), True) if raw[0] in "\"'" else Piece(raw, False)


def _unreadable(text: str, position: int) -> Exception:
    if text[position] in "\"'":
        return fault(
            "a quote that does not end", text, (position, len(text)), hint=f"end it with {text[position]}"
        )
    return fault(f"unexpected {text[position]!r}", text, (position, position + 1), hint="write 'not'")
