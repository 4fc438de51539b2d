"""The grammar.

any      := all ("or" all)*
all      := one ("and"? one)*
one      := "not" one | "(" any ")" | "has:"KEY | "is:"STATE | KEY":"VALUE | KEY | KEY test
test     := ("<" "<=" ">" ">=" "=" "==" "!=" "~" "!~" "contains") VALUE | "not"? "in" "[" VALUE, ... "]"
"""

from __future__ import annotations

from gitexp.errors import QueryError
from gitexp.query.fault import fault, nearest, quoted
from gitexp.query.query import Query
from gitexp.query.reading import is_value, read_field, split_prefix
from gitexp.query.sorting import Order
from gitexp.query.times import span_seconds
from gitexp.query.tokens import Piece, Token, tokens
from gitexp.query.tree import Comparison, Expression, Field, Junction, Literal, Not, literal
from gitexp.query.words import ALIASES, FLAGS, FOREIGN, KEYWORDS, RUN, STATUSES

MAX_DEPTH = 100

_SPAN_HINT = "a span of time has no blanks: 1h30m"
_LIST_HINT = "for one of several values write 'KEY in [a, b]'"


def parse(text: str) -> Query:
    """The query that `text` is; of blank text the one that every run matches. Raises QueryError."""
    parser = _Parser(text)
    if parser.here.kind == "end":
        return Query(None, text)
    expression = parser.any()
    if parser.here.kind != "end":
        raise parser.unexpected("'and', 'or' or the end")
    return Query(expression, text)


def parse_order(text: str) -> tuple[Order, ...]:
    """The keys to sort by in `group,-metrics.acc`: a minus sorts from great to small. Raises QueryError."""
    parser = _Parser(text)
    orders = [parser.order()]
    while parser.here.kind == ",":
        parser.take()
        orders.append(parser.order())
    if parser.here.kind != "end":
        raise parser.unexpected("',' or the end")
    return tuple(orders)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = tokens(text)
        self._next = 0
        self._depth = 0

    @property
    def here(self) -> Token:
        return self._tokens[self._next]

    def take(self) -> Token:
        token = self.here
        self._next += 1
        return token

    def any(self) -> Expression:
        parts = [self._all()]
        while self.here.keyword == "or":
            self.take()
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Junction("or", tuple(parts))

    def order(self) -> Order:
        token = self.take()
        if token.kind != "word":
            raise self._expected("a key to sort by", token)
        first = token.pieces[0]
        descending = not first.quoted and first.text.startswith("-")
        pieces = (Piece(first.text[1:], False), *token.pieces[1:]) if descending else token.pieces
        field = read_field([piece for piece in pieces if piece.quoted or piece.text], self.text, token.place)
        return Order(field, descending, self.text)

    def unexpected(self, wanted: str) -> QueryError:
        return self._expected(wanted, self.here)

    def _all(self) -> Expression:
        parts = [self._one()]
        while True:
            if self.here.keyword == "and":
                self.take()
            elif not self._begins_one():
                return parts[0] if len(parts) == 1 else Junction("and", tuple(parts))
            parts.append(self._one())

    def _begins_one(self) -> bool:
        token = self.here
        return token.kind == "(" or (
            token.kind == "word" and (token.keyword == "not" or token.keyword not in (*KEYWORDS, *FOREIGN))
        )

    def _one(self) -> Expression:
        token = self.take()
        if token.keyword != "not" and token.kind != "(":
            return self._condition(token)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise fault(f"more than {MAX_DEPTH} levels", self.text, token.place)
        if token.kind == "(":
            inner = self.any()
            if self.here.kind != ")":
                raise self.unexpected("')'")
            self.take()
        else:
            inner = Not(self._one())
        self._depth -= 1
        return inner

    def _condition(self, token: Token) -> Expression:
        if token.kind != "word" or token.keyword in (*KEYWORDS, *FOREIGN):
            raise self._expected("a key", token)
        prefix = split_prefix(token.pieces)
        if prefix:
            return self._prefixed(*prefix, token)
        if is_value(token):
            raise fault(
                f"expected a key, not {quoted(token.text)}",
                self.text,
                token.place,
                hint=_SPAN_HINT if span_seconds(token.text) else "write the key first, as in 'lr < 1e-3'",
            )
        return self._test(read_field(token.pieces, self.text, token.place), token)

    def _prefixed(self, head: list[Piece], rest: list[Piece], token: Token) -> Expression:
        value = "".join(piece.text for piece in rest)
        if not rest:
            raise fault(f"nothing after {quoted(token.text)}", self.text, token.place)
        name = "" if any(piece.quoted for piece in head) else "".join(piece.text for piece in head)
        if name == "has":
            return Comparison(read_field(rest, self.text, token.place), "has")
        if name == "is":
            return self._state(value, token)
        was_quoted = any(piece.quoted for piece in rest)
        return Comparison(
            read_field(head, self.text, token.place),
            "=",
            (literal(value, quoted=was_quoted, place=token.place),),
        )

    def _state(self, word: str, token: Token) -> Expression:
        word = ALIASES.get(word, word)
        if word in FLAGS:
            return Comparison(Field(RUN, word, place=token.place), "=", (literal("true", place=token.place),))
        if word in STATUSES:
            return Comparison(
                Field(RUN, "status", place=token.place), "=", (literal(word, place=token.place),)
            )
        near = nearest(word, (*STATUSES, *FLAGS))
        hint = f"did you mean 'is:{near}'?" if near else f"one of {', '.join((*STATUSES, *FLAGS))}"
        raise fault(f"unknown state {quoted(word)}", self.text, token.place, hint=hint)

    def _test(self, field: Field, token: Token) -> Expression:
        if self.here.kind == "operator":
            return Comparison(field, self.take().text, (self._value(),))
        if self.here.keyword == "contains":
            self.take()
            return Comparison(field, "contains", (self._value(),))
        if self.here.keyword == "in":
            self.take()
            return Comparison(field, "in", self._list())
        after = self._tokens[self._next + 1] if self.here.keyword == "not" else None
        if after and after.keyword in ("in", "contains"):
            self.take()
            return Not(self._test(field, token))
        if field.space == RUN and field.key not in FLAGS:
            raise self.unexpected(f"a comparison after {quoted(token.text)}")
        return Comparison(field, "=", (literal("true", place=token.place),))

    def _list(self) -> tuple[Literal, ...]:
        if self.here.kind != "[":
            raise self.unexpected("'['")
        self.take()
        values: list[Literal] = []
        while self.here.kind != "]":
            values.append(self._value())
            if self.here.kind == ",":
                self.take()
            elif self.here.kind != "]":
                raise self.unexpected("',' or ']'")
        self.take()
        return tuple(values)

    def _value(self) -> Literal:
        token = self.here
        if token.kind != "word" or token.keyword in KEYWORDS:
            raise self.unexpected("a value")
        self.take()
        return literal(token.text, quoted=token.quoted, place=token.place)

    def _expected(self, wanted: str, found: Token) -> QueryError:
        what = "the end" if found.kind == "end" else quoted(self.text[slice(*found.place)])
        hint = None
        if found.keyword in FOREIGN:
            hint = f"write '{FOREIGN[found.keyword]}'"
        elif found.kind == "," or (wanted == "a value" and found.kind == "["):
            hint = _LIST_HINT
        elif wanted == "a value" and found.text == ">" and self.text[: found.place[0]].endswith("<"):
            hint = "write '!='"
        elif wanted == "a value" and (found.kind == "(" or found.keyword):
            hint = "put a value with blanks, signs or words like 'and' in quotes: \"a b\""
        return fault(f"expected {wanted}, not {what}", self.text, found.place, hint=hint)
