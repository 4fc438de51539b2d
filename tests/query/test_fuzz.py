"""Whatever is typed: a query or an error at a place in it; and one order whatever the values are."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Sequence
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.errors import QueryError
from gitexp.model.history import MISSING
from gitexp.query import Order, in_order, parse, parse_order, sort_key
from gitexp.query.times import moment_range, span_seconds
from gitexp.query.tree import Comparison, Field
from tests.query.subjects import Made, made, scalars

QUERIES = (
    "params.lr < 1e-3 and metrics.acc.max > .9 and tag:baseline and status:finished and started > 3d",
    "(a = 1 or b != 'x y') and not (c in [1, \"2\", three] or has:d.e)",
    'params."my key/x" ~ "^a(b|c)*[d-f]{2,3}\\\\d$" or name !~ x',
    "is:failed star started >= 2026-11-01T10:00:00+01:00 duration < 1h30m",
    "metrics.val/acc.best_step not contains 3 && é = ñ",
)
PIECES = (
    *("(", ")", "[", "]", ",", "'", '"', "\\", ":", ".", "-", "+", "<", ">", "=", "!", "~", "&&", "||", "%"),
    *(
        " and ",
        " or ",
        " not ",
        " in ",
        " contains ",
        "has:",
        "is:",
        "tag:",
        "params.",
        "metrics.",
        "best",
        "@",
    ),
    *(
        "1e999",
        "nan",
        "-inf",
        "0x1",
        "9" * 310,
        "3d",
        "30m",
        "2026-13-45",
        "1" * 20 + "y",
        "(?i)",
        "(a+)+$",
        "{9}",
    ),
    *(
        "\x00",
        "\x1b[31m",
        "\n",
        "\u202e",
        "\ufeff",
        "\ud800",
        "é",
        "日本",
        "e\u0301",
        "😀",
        "\u00a0",
        "\u2028",
    ),
)


def refused(read: Callable[[str], Any], text: str) -> QueryError | None:
    """The error that reading `text` raises."""
    try:
        read(text)
    except QueryError as error:
        return error
    return None


def check(text: str) -> bool:
    """Whether `text` is a query; else that it raises an error which points into it."""
    error = refused(parse, text)
    if error:
        shown, carets = error.excerpt.split("\n")
        assert 1 <= error.column <= len(text) + 1
        assert error.message.endswith(f"at column {error.column}")
        assert re.fullmatch(r" +\^+", carets)
        assert shown.isprintable()
        return False
    query = parse(text)
    again = parse(str(query))
    assert again == query
    assert str(again) == str(query)
    return True


def mutated(letters: random.Random) -> str:
    text = letters.choice(QUERIES)
    for _ in range(letters.randrange(1, 6)):
        begin = letters.randrange(len(text) + 1)
        end = min(len(text), begin + letters.choice((0, 0, 1, 3, 10)))
        text = text[:begin] + letters.choice((*PIECES, "", text[end : end + 9])) + text[end:]
    return text


def test_queries_with_a_few_errors() -> None:
    letters = random.Random(3)
    found = [check(mutated(letters)) for _ in range(1_500)]
    assert 100 < sum(found) < 1_400


@pytest.mark.long
def test_queries_with_a_few_errors_for_long() -> None:
    seed = random.randrange(2**32)
    letters = random.Random(seed)
    for number in range(100_000):
        text = mutated(letters)
        try:
            check(text)
        except Exception as error:
            raise AssertionError(f"seed {seed}, number {number}: {text!r}") from error


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_any_text(text: str) -> None:
    check(text)


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_any_order(text: str) -> None:
    error = refused(parse_order, text)
    if error:
        assert 1 <= error.column <= len(text) + 1
        return
    orders = parse_order(text)
    assert parse_order(",".join(map(str, orders))) == orders


@pytest.mark.parametrize(
    "key", ["-a", "--a", "-", "3d", "30m", "1", "nan", "name", "in", "a.b", "params.x", "has:x"]
)
@pytest.mark.parametrize("descending", [False, True])
def test_keys_that_look_like_something_else(key: str, descending: bool) -> None:
    field = Field("", key)
    assert parse_order(str(Order(field, descending))) == (Order(field, descending),)
    comparison = Comparison(field, "has")
    assert parse(str(comparison)).expression == comparison


def test_carets_stand_below_wide_letters() -> None:
    with pytest.raises(QueryError) as caught:
        parse("日本 = 'e\u0301' and 😀 = ) or x")
    shown, carets = caught.value.excerpt.split("\n")
    assert caught.value.column == 19
    # Two cells for each of the three wide letters, none for the accent.
    assert carets.index("^") == shown.index(")") + 3 - 1


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("duration < 1h 30m", "a span of time has no blanks: 1h30m"),
        ("started > 3 d", "write 3d (ago), 12h, 2026-11-01 or 2026-11-01T18:05:00Z"),
        ("a <> b", "write '!='"),
        ("tag = a,b", "for one of several values write 'KEY in [a, b]'"),
        ("tag = [a, b]", "for one of several values write 'KEY in [a, b]'"),
    ],
)
def test_common_mistakes_get_a_hint(text: str, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.hint == hint


UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "mo": 2592000, "y": 31536000}
LONG = {
    "sec": "s",
    "min": "m",
    "minutes": "m",
    "hours": "h",
    "days": "d",
    "weeks": "w",
    "months": "mo",
    "years": "y",
}


@given(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from([*UNITS, *LONG])), min_size=1, max_size=8))
def test_spans_are_the_sum_of_their_parts(parts: list[tuple[int, str]]) -> None:
    text = "".join(f"{number}{unit}" for number, unit in parts)
    seconds = sum(number * UNITS[LONG.get(unit, unit)] for number, unit in parts)
    assert span_seconds(text) == pytest.approx(seconds)
    assert span_seconds(f"{text}x") is None
    assert parse(f"duration = {text}").matches(Made({"run.duration": span_seconds(text)}))


@given(st.text(), st.from_regex(r"[0-9.]{1,20}[a-z]{1,3}", fullmatch=True))
def test_any_text_is_a_time_or_none(text: str, number: str) -> None:
    for one in (text, number):
        seconds, reach = span_seconds(one), moment_range(one)
        assert seconds is None or (math.isfinite(seconds) and seconds >= 0)
        assert reach is None or reach[0] < reach[1]


@given(st.dates(), st.times())
def test_a_moment_is_in_what_it_is_written_as(day: Any, clock: Any) -> None:
    written = f"{day}T{clock.replace(microsecond=0)}Z"
    reach = moment_range(written)
    assert reach is not None
    for part in (written[:16] + "Z", written[:-1] + "+00:00"):
        outer = moment_range(part)
        assert outer is not None
        assert outer[0] <= reach[0] < reach[1] <= outer[1]


values = st.one_of(scalars, st.integers(), st.just(MISSING), st.lists(scalars, max_size=2))


def compared(one: Any, other: Any) -> int:
    first, second = sort_key(one), sort_key(other)
    if first is None or second is None:
        return (first is None) - (second is None)
    return (first > second) - (first < second)


@given(values, values, values)
def test_the_order_is_total(one: Any, two: Any, three: Any) -> None:
    assert compared(one, two) == -compared(two, one)
    if compared(one, two) <= 0 and compared(two, three) <= 0:
        assert compared(one, three) <= 0
    if compared(one, two) == 0 and compared(two, three) == 0:
        assert compared(one, three) == 0


@given(st.lists(values), st.booleans(), st.randoms())
def test_the_order_is_stable_and_does_not_depend_on_where_one_begins(
    found: list[Any], descending: bool, letters: random.Random
) -> None:
    orders = parse_order("-a" if descending else "a")

    def sorted_(numbers: Sequence[int]) -> list[int]:
        runs = [made(n=n) if found[n] is MISSING else made(a=found[n], n=n) for n in numbers]
        return [run.values["params.n"] for run in in_order(runs, orders, lambda run: run)]

    numbers = list(range(len(found)))
    ascending = sorted(
        (n for n in numbers if sort_key(found[n]) is not None),
        key=cmp_to_key(lambda a, b: (compared(found[a], found[b]) * (-1 if descending else 1)) or a - b),
    )
    last = [n for n in numbers if sort_key(found[n]) is None]
    assert sorted_(numbers) == [*ascending, *last]
    letters.shuffle(numbers)
    shuffled = sorted_(numbers)
    assert [sort_key(found[n]) for n in shuffled] == [sort_key(found[n]) for n in [*ascending, *last]]


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "(.*)(.*)(.*)x", "((a?){20}){20}b", "^(\\w+\\s?)*$"]
)
def test_patterns_that_hang_others_are_answered(pattern: str) -> None:
    query = parse(f"note ~ '{pattern}'")
    assert query.matches(Made({"run.note": "a" * 5_000 + "!"})) in (True, False)


def test_a_pattern_that_needs_too_many_steps_is_refused_at_its_place() -> None:
    letters = random.Random(1)
    note = "".join(letters.choice("ab") for _ in range(20_000))
    text = "name = x or note ~ '.*a.{900}c'"
    with pytest.raises(QueryError) as caught:
        parse(text).matches(Made({"run.name": "y", "run.note": note}))
    assert caught.value.message == "pattern '.*a.{900}c' needs too many steps at column 20"
    assert caught.value.hint == "write a simpler one"


@pytest.mark.parametrize(
    "number", ["9" * 300, "-" + "9" * 300, "1e999999999", "-1e999999999", "1e-999999999"]
)
def test_enormous_numbers_compare(number: str) -> None:
    value = float(number) if "e" in number else int(number)
    assert parse(f"a >= {number} and a <= {number}").matches(made(a=value))
    assert parse(f"a > {number}").matches(made(a=math.inf)) is (value != math.inf)
    assert not parse(f"a < {number} or a > {number} or a = {number}").matches(made(a=math.nan))
