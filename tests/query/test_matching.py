"""What a query means."""

from __future__ import annotations

import math
import operator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitexp.errors import QueryError
from gitexp.model.history import MISSING
from gitexp.query import (
    Comparison,
    Junction,
    Keys,
    Not,
    Query,
    bind,
    in_order,
    known_keys,
    parse,
    parse_order,
)
from tests.query.subjects import NOW, Made, expressions, made, scalars

subjects = st.builds(lambda values: made(**values), st.dictionaries(st.sampled_from("ab"), scalars))


def naive(expression: Any, subject: Made) -> bool:
    """The same by brute force: boolean algebra over what each condition alone says."""
    if isinstance(expression, Comparison):
        return Query(expression).matches(subject)
    if isinstance(expression, Not):
        return not naive(expression.part, subject)
    results = [naive(part, subject) for part in expression.parts]
    return False not in results if expression.word == "and" else True in results


@given(expressions, subjects)
def test_boolean_algebra(expression: Any, subject: Made) -> None:
    whole = Query(expression).matches(subject)
    assert whole is naive(expression, subject)
    assert Query(Not(expression)).matches(subject) is not whole
    assert Query(Junction("or", (expression, Not(expression)))).matches(subject)
    assert not Query(Junction("and", (expression, Not(expression)))).matches(subject)


@given(st.one_of(st.integers(), st.floats()), st.one_of(st.integers(-(10**20), 10**20), st.floats()))
def test_numbers_compare_as_numbers(found: float, wanted: float) -> None:
    for sign, compare in (("<", operator.lt), ("<=", operator.le), (">", operator.gt), (">=", operator.ge)):
        assert parse(f"params.a {sign} {wanted!r}").matches(made(a=found)) is compare(found, wanted)
    both_nan = math.isnan(wanted) and isinstance(found, float) and math.isnan(found)
    assert parse(f"params.a = {wanted!r}").matches(made(a=found)) is (found == wanted or both_nan)


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("a = 3", 3, True),
        ("a = 3", 3.0, True),
        ("a = 3", "3", True),
        ('a = "3"', 3, False),
        ('a = "3"', "3", True),
        ("a = 1", True, False),
        ("a = true", True, True),
        ("a = true", 1, False),
        ("a", True, True),
        ("a", False, False),
        ("a = null", None, True),
        ("a != 3", None, True),
        ("a < 3", None, False),
        ("a < 3", "2", False),
        ("a < b", "a", True),
        ("a != nan", math.nan, False),
        ("a < inf", math.nan, False),
        ("a < inf", 1e308, True),
        ("a in [1, x]", "x", True),
        ("a not in [1, x]", "y", True),
        ("a in []", 1, False),
        ("a contains b", "abc", True),
        ("a contains b", ["a", "b"], True),
        ("a contains b", ["a", "bc"], True),
        ("a = b", ["a", "b"], True),
        ("a != b", ["a", "b"], False),
        ("a > 3", [1, 4], True),
        ("a = 1", {"b": 1}, False),
        ("has:a", {"b": 1}, True),
        ("a ~ '^x.*y$'", "x--y", True),
        ("a !~ '^x.*y$'", "x--z", True),
        ("a ~ 3", 3, False),
        ("a !~ 3", 3, True),
    ],
)
def test_one_condition(text: str, value: Any, expected: bool) -> None:
    assert parse(text).matches(made(a=value)) is expected


@pytest.mark.parametrize("test", ["= 1", "!= 1", "< 1", "~ x", "!~ x", "in [1]", "contains x", "= null", ""])
def test_of_what_is_missing_nothing_is_true(test: str) -> None:
    assert not parse(f"params.a {test}").matches(made(b=1))
    assert parse(f"not (params.a {test})").matches(made(b=1))


DAY = 86400.0


@pytest.mark.parametrize(
    ("text", "key", "value", "expected"),
    [
        ("started > 3d", "started", NOW - 2 * DAY, True),
        ("started > 3d", "started", NOW - 4 * DAY, False),
        ("started < 1h30m", "started", NOW - 5401, True),
        ("started = 2027-01-15T00:00Z", "started", 1_799_971_259.0, True),
        ("started = 2027-01-15T00:00Z", "started", 1_799_971_260.0, False),
        ("started > 2027-01-15T00:00:00Z", "started", 1_799_971_200.5, False),
        ("started >= 2027-01-15T00:00:00Z", "started", 1_799_971_200.0, True),
        ("started <= 2027-01-15T01:00:00+01:00", "started", 1_799_971_200.9, True),
        ("started = 2027-01", "started", NOW, True),
        ("started = 2026-12", "started", NOW, False),
        ("duration >= 90s", "duration", 90.0, True),
        ("duration < 90", "duration", 90.0, False),
        ("age < 1w", "age", 6 * DAY, True),
        ("commit = 3F2A", "commit", "3f2a" + "0" * 36, True),
        ("commit = 3f2", "commit", "3f2a" + "0" * 36, False),
        ("status in [failed, killed]", "status", "killed", True),
        ("tag:2024", "tag", ["2024"], True),
    ],
)
def test_fields_of_the_run(text: str, key: str, value: Any, expected: bool) -> None:
    assert parse(text).matches(Made({f"run.{key}": value})) is expected


def test_a_day_is_all_of_it_in_local_time() -> None:
    from datetime import datetime

    noon = datetime(2026, 11, 1, 12).timestamp()
    run = Made({"run.started": noon})
    assert parse("started = 2026-11-01 and not started > 2026-11-01 and started < 2026-11-02").matches(run)


def test_a_metric_of_that_name_goes_before_the_aggregate() -> None:
    assert parse("acc.max = 1").matches(Made({"metrics.acc.max": 1, "metrics.acc@max": 2}))
    assert parse("acc.max = 2").matches(Made({"metrics.acc@max": 2}))
    assert parse("acc = 3").matches(Made({"params.acc": 3, "metrics.acc": 4}))


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("lr = 1 and acc.max = 2", "params.lr = 1 and metrics.acc.max = 2"),
        ("has:nothing or not params.model.depth = 3", "has:nothing or not params.model.depth = 3"),
        ("model = 3", "params.model = 3"),
    ],
)
def test_bare_keys_are_bound(text: str, bound: str) -> None:
    keys = Keys({"params": {"lr", "model.depth", "both"}, "metrics": {"acc", "both"}})
    assert str(bind(parse(text), keys)) == bound


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("x = 1 or params.lrr < 1", "unknown key 'params.lrr' at column 1", "did you mean 'params.lr'?"),
        ("params.acc < 1", "unknown key 'params.acc' at column 1", "did you mean 'metrics.acc'?"),
        ("lrr < 1", "unknown key 'lrr' at column 1", "did you mean 'params.lr'?"),
        ("depth < 1", "unknown key 'depth' at column 1", "did you mean 'params.model.depth'?"),
        ("paramslr < 1", "unknown key 'paramslr' at column 1", "did you mean 'params.lr'?"),
        ("statsu < 1", "unknown key 'statsu' at column 1", "did you mean 'status'?"),
        (
            "paper",
            "unknown key 'paper' at column 1",
            "for runs with such a tag write tag:paper, for such a name name ~ paper",
        ),
        ("both = 1", "'both' is a param and a metric at column 1", "write params.both or metrics.both"),
    ],
)
def test_unknown_keys_get_the_nearest_as_hint(text: str, message: str, hint: str) -> None:
    text = text.replace("x = 1 or ", "")
    keys = Keys({"params": {"lr", "model.depth", "both"}, "metrics": {"acc", "both"}})
    with pytest.raises(QueryError) as caught:
        bind(parse(text), keys)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_known_keys_are_those_that_are_needed() -> None:
    run = Made({"params.lr": 1, "metrics.acc": 2, "env.cpu": 3})
    assert known_keys([run], parse("lr = 1").fields()).spaces == {"params": {"lr"}, "metrics": {"acc"}}
    assert known_keys([run], parse("env.cpu = 1 and name = x").fields()).spaces == {"env": {"cpu"}}


@example([math.nan, 2, MISSING, 1.5, None, math.nan, 3], False)
@example([math.nan, 2, MISSING, 1.5, None, math.nan, 3], True)
@given(st.lists(st.one_of(scalars, st.just(MISSING), st.lists(scalars, max_size=2))), st.booleans())
def test_sorting_is_total_and_what_is_missing_comes_last(values: list[Any], descending: bool) -> None:
    runs = [Made({}) if value is MISSING else made(a=value) for value in values]
    found = [
        run.values.get("params.a", MISSING)
        for run in in_order(runs, parse_order("-a" if descending else "a"), lambda run: run)
    ]
    assert sorted(map(repr, found)) == sorted(map(repr, values))
    last = [v is MISSING or v is None or v != v for v in found]
    assert last == sorted(last)
    numbers = [v for v in found if type(v) in (int, float) and v == v]
    assert numbers == sorted(numbers, reverse=descending)
    texts = [v for v in found if isinstance(v, str)]
    assert texts == sorted(texts, reverse=descending)


def test_several_keys_and_equal_ones_stay_as_they_were() -> None:
    runs = [made(a=1, b=1, n=0), made(a=2, b=1, n=1), made(a=1, b=2, n=2), made(a=1, b=1, n=3)]
    found = in_order(runs, parse_order("-a,b"), lambda run: run)
    assert [run.values["params.n"] for run in found] == [1, 0, 3, 2]
