"""Text to tree and back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.errors import QueryError
from gitexp.query import Order, Query, parse, parse_order
from tests.query.subjects import expressions, fields

WORDS = st.sampled_from(
    """( ) [ ] , and or not in contains < <= == != ~ !~ =~ ! "a 'b' "c\\d" tag: has: is: is:failed has:x
    params. params.a metrics."a b" started 3d 2026-02-31 2026-13 1e999 1e-3 nan status finished
    && \\ (?= (a|b)* .best \x00 \u202e é""".split()
)


@given(expressions)
def test_what_is_printed_is_read_as_the_same(expression) -> None:
    query = Query(expression)
    assert parse(str(query)) == query


@given(st.lists(st.builds(Order, fields, st.booleans()), min_size=1, max_size=3))
def test_orders_too(orders: list[Order]) -> None:
    assert parse_order(",".join(map(str, orders))) == tuple(orders)


@given(st.one_of(st.text(), st.lists(WORDS).map(" ".join), st.lists(WORDS).map("".join)))
def test_nothing_but_a_query_error_is_raised(text: str) -> None:
    for read in (parse, parse_order):
        with contextlib.suppress(QueryError):
            read(text)
    with contextlib.suppress(QueryError):
        query = parse(text)
        assert parse(str(query)) == query


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", ""),
        ("  ", ""),
        (
            "params.lr < 1e-3 and metrics.acc.max>.9 tag:baseline status==finished started > 3d",
            "params.lr < 1e-3 and metrics.acc.max > .9 and tag = baseline and status = finished "
            "and started > 3d",
        ),
        ("a=1 or b=2 c=3", "a = 1 or (b = 2 and c = 3)"),
        ("NOT (a=1 OR b)", "not (a = 1 or b = true)"),
        ("x not in ['a b', \"3\", 3,]", 'x not in ["a b", "3", 3]'.replace("x not in", "not x in")),
        ("tags not contains x", "not tag contains x"),
        ("star is:dirty is:killed", "star = true and dirty = true and status = killed"),
        ("params.'my key/x' =~ '\\d+$'", 'params."my key/x" ~ "\\\\d+$"'),
        ('has:param."a b" tag:"c d"', 'has:params."a b" and tag = "c d"'),
        (r"a\.b = 1", "a.b = 1"),
        ("'&' = '||' and &:1", '"&" = "||" and "&" = 1'),
        ('"name" = x or "params.a" = y', '"name" = x or "params.a" = y'),
        ("started < 2026-11-01T10:00:00Z", "started < 2026-11-01T10:00:00Z"),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical
    assert str(parse(canonical)) == canonical


@pytest.mark.parametrize(
    ("text", "message", "carets", "hint"),
    [
        ("lr <", "expected a value, not the end at column 5", "      ^", None),
        ("a && b", "expected 'and', 'or' or the end, not '&&' at column 3", "    ^^", "write 'and'"),
        ("lr < 'x", "a quote that does not end at column 6", "       ^^", "end it with '"),
        ("a ~ '(b'", "pattern '(b': '(' without ')' at column 5", "      ^^^^", None),
        ("started > foo", "'foo' is not a time at column 11", "            ^^^", "write 3d"),
        ("status = finsihed", "unknown status 'finsihed' at column 10", "           ^^^^^^^^", "'finished'"),
        ("is:fialed", "unknown state 'fialed' at column 1", "  ^^^^^^^^^", "is:failed"),
        ("3 < lr", "expected a key, not '3' at column 1", "  ^", "'lr < 1e-3'"),
        ("(a = 1", "expected ')', not the end at column 7", "        ^", None),
        ("x = and", "expected a value, not 'and' at column 5", "      ^^^", "in quotes"),
        ("!x", "unexpected '!' at column 1", "  ^", "write 'not'"),
        ("name", "expected a comparison after 'name', not the end at column 5", "      ^", None),
        ("a = 1\x1b[0m", "expected 'and', 'or' or the end, not '[' at column 7", "        ^", None),
    ],
)
def test_errors_point_at_their_place(text: str, message: str, carets: str, hint: str | None) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    error = caught.value
    assert error.message == message
    shown, below = error.excerpt.split("\n")
    assert below == carets
    assert shown.isprintable()
    assert len(shown) == len(text) + 2
    assert (error.hint is None) if hint is None else hint in (error.hint or "")


def test_of_a_long_query_the_place_is_shown() -> None:
    text = "a = 1 and " * 500 + "b ? and c = 3" + " and a = 1" * 500
    with pytest.raises(QueryError) as caught:
        parse(text.replace("b ?", "b <"))
    shown, below = caught.value.excerpt.split("\n")
    assert len(shown) < 80
    assert shown[below.index("^") :].startswith("and c")


@pytest.mark.parametrize("text", ["(" * 5000, "not " * 4000 + "a", "a = " + "9" * 15_000, "x" * 30_000])
def test_limits(text: str) -> None:
    with contextlib.suppress(QueryError):
        parse(text)
    if text[0] in "(nx":
        with pytest.raises(QueryError):
            parse(text)
