"""Keys as a list of columns has them: `name,params.lr,+note`."""

from __future__ import annotations

from typing import NamedTuple

from gitexp.query.fault import fault, quoted
from gitexp.query.keys import Keys, bind_order
from gitexp.query.reading import read_field
from gitexp.query.sorting import Order
from gitexp.query.tokens import Piece, Token, tokens
from gitexp.query.tree import Field, Place


class ColumnKey(NamedTuple):
    """One key of a list."""

    field: Field
    added: bool
    """Whether it was written with a plus."""
    text: str
    """All that was written, for errors."""

    @property
    def spelling(self) -> str:
        """The key as it was written, without its plus."""
        return self.text[slice(*self.field.place)].removeprefix("+")


def parse_columns(text: str, *, shown: str | None = None) -> tuple[ColumnKey, ...]:
    """The keys in `group,+metrics.acc.max`; `shown` is the text for errors. Raises QueryError."""
    words = tokens(text)
    shown = text if shown is None else shown
    found: list[ColumnKey] = []
    while True:
        found.append(_key(words.pop(0), shown))
        after = words.pop(0)
        if after.kind == "end":
            return tuple(found)
        if after.kind != ",":
            raise _expected("',' or the end", after, shown)


def bind_columns(keys: tuple[ColumnKey, ...], known: Keys) -> list[Field]:
    """The fields that the keys mean. Raises QueryError for one that is unknown, or that is two things."""
    orders = [Order(key.field, text=key.text) for key in keys]
    return [order.field for order in bind_order(orders, known)]


def _key(token: Token, text: str) -> ColumnKey:
    if token.kind != "word":
        raise _expected("a key", token, text)
    first, *rest = token.pieces
    added = not first.quoted and first.text.startswith("+")
    pieces = [Piece(first.text[1:], False), *rest] if added else token.pieces
    field = read_field([piece for piece in pieces if piece.quoted or piece.text], text, token.place)
    return ColumnKey(field, added, text)


def _expected(wanted: str, found: Token, text: str) -> Exception:
    what = "the end" if found.kind == "end" else quoted(_slice(text, found.place))
    return fault(f"expected {wanted}, not {what}", text, found.place)


def _slice(text: str, place: Place) -> str:
    return text[slice(*place)]
