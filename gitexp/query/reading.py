"""Words as fields."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gitexp.query.fault import fault
from gitexp.query.tokens import Piece, Token
from gitexp.query.tree import Field, Place
from gitexp.query.words import ALIASES, BARE, RUN, RUN_FIELDS, SPACES, is_key

_DOT = re.compile(r"\\([.\\])")


def read_field(pieces: Sequence[Piece], text: str, place: Place) -> Field:
    """`status`, `params.lr`, `params."my key/x"` or a key without its space. Raises QueryError."""
    if not pieces:
        raise fault("expected a key", text, place)
    first = pieces[0]
    if not first.quoted:
        name, dot, rest = first.text.partition(".")
        if dot and name in SPACES:
            key = _key([Piece(rest, False), *pieces[1:]])
            if not key:
                raise fault(f"nothing after '{name}.'", text, place, hint=f"write {name}.KEY")
            return Field(SPACES[name], key, place=place)
        known = ALIASES.get(first.text, first.text)
        if len(pieces) == 1 and known in RUN_FIELDS:
            return Field(RUN, known, place=place)
    key = _key(pieces)
    if not key:
        raise fault("a key cannot be empty", text, place)
    return Field(BARE, key, place=place)


def split_prefix(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]] | None:
    """What stands before and after the first colon outside quotes; None where there is no colon."""
    for index, piece in enumerate(pieces):
        if piece.quoted or ":" not in piece.text:
            continue
        before, _, after = piece.text.partition(":")
        head = [*pieces[:index], *([Piece(before, False)] if before else [])]
        return head, [*([Piece(after, False)] if after else []), *pieces[index + 1 :]]
    return None


def is_value(token: Token) -> bool:
    """Whether a word reads as a number, a span of time, true, false or null rather than as a key."""
    return not token.quoted and not is_key(token.text)


def _key(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text if piece.quoted else _DOT.sub(r"\1", piece.text) for piece in pieces)
