"""The makings of two runs: equal ones are the same in every role, and what differs differs both ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.formats.making import (
    Cause,
    Making,
    causes,
    changed_values,
    files_of,
    leaves_of,
    not_comparable,
    same_roles,
    texts,
    vector_of,
)
from gitexp.model.record import Input
from gitexp.model.values import Digest
from tests.formats.test_record import inputs as any_inputs

_TEXTS = st.dictionaries(
    st.text(min_size=1, max_size=8), st.sampled_from(["1", "1.0", "true", "NaN", '"a long text"', "null"])
)
_WORDS = st.lists(st.sampled_from(["python", "a.py", "--lr", "0.1", "--n=3", "1", ""]), max_size=5).map(tuple)
MAKINGS = st.builds(
    lambda inputs, **rest: Making(
        inputs=vector_of(inputs), files=files_of(inputs), leaves=leaves_of(inputs), **rest
    ),
    st.lists(any_inputs, max_size=3),
    params=_TEXTS,
    command=_WORDS,
    seeds=_TEXTS,
    noted_seeds=_TEXTS,
    code=st.sampled_from([None, "a" * 40, "b" * 40]),
    packages=st.sampled_from([None, "numpy==1\n", "numpy==2\n"]),
    env=_TEXTS,
)


@given(MAKINGS)
def test_the_same_is_the_same_in_every_role(one: Making) -> None:
    assert causes(one, one) == []
    assert set(one.inputs) <= set(same_roles(one, one, []))
    assert changed_values(one, one) == []


@given(MAKINGS, MAKINGS)
def test_what_differs_does_so_both_ways(one: Making, other: Making) -> None:
    found = causes(one, other)
    assert set(found) == set(causes(other, one))
    assert len(found) == len(set(found))
    assert not {cause.role for cause in found} & set(same_roles(one, other, found))
    assert same_roles(one, other, found) == same_roles(other, one, found)


def making(*inputs: Input, command: Sequence[str] = (".", "python", "a.py"), **rest: object) -> Making:
    return Making(
        inputs=vector_of(inputs),
        files=files_of(inputs),
        leaves=leaves_of(inputs),
        command=tuple(command),
        **rest,  # type: ignore[arg-type]
    )


def file(role: str, digit: str) -> Input:
    return Input(role, "it", f"{role}.txt", Digest(digit * 64), 3)


BASE = making(
    file("prompt", "a"),
    Input("model", "org/m"),
    Input("settings", "settings", value={"temperature": 0.0, "top": 1}),
    params={"lr": "0.1", "depth": "3"},
    code="c" * 40,
    packages="numpy==1\n",
    env={"interpreter.version": '"3.11"'},
    seeds={"params.seed": "1"},
)


def _with(*inputs: Input) -> Making:
    by_role = {one.role: one for one in inputs}
    old = {
        "prompt": file("prompt", "a"),
        "model": Input("model", "org/m"),
        "settings": Input("settings", "settings", value={"temperature": 0.0, "top": 1}),
    }
    whole = {**old, **by_role}.values()
    return replace(BASE, inputs=vector_of(whole), leaves=leaves_of(whole))


@pytest.mark.parametrize(
    ("new", "found"),
    [
        (_with(file("prompt", "b")), [Cause("prompt")]),
        (_with(Input("model", "org/other")), [Cause("model")]),
        (
            _with(Input("settings", "settings", value={"temperature": 0.7, "top": 2})),
            [Cause("settings", "temperature"), Cause("settings", "top")],
        ),
        (
            _with(Input("settings", "settings", value={"temperature": 0, "top": 1})),
            [Cause("settings", "temperature")],
        ),
        (replace(BASE, params={"lr": "0.2", "depth": "3"}), [Cause("params", "lr")]),
        (replace(BASE, params={"lr": "0.1"}), [Cause("params", "depth")]),
        (replace(BASE, command=(".", "python", "b.py")), [Cause("command")]),
        (replace(BASE, command=("sub", "python", "a.py")), [Cause("command")]),
        (replace(BASE, code="d" * 40), [Cause("code")]),
        (replace(BASE, packages="numpy==2\n"), [Cause("packages")]),
        (replace(BASE, env={"interpreter.version": '"3.12"'}), [Cause("env")]),
        (replace(BASE, seeds={"params.seed": "2"}), [Cause("seeds")]),
        # A thing of which one of the two tells nothing may be another one.
        (_with(Input("grader", "match")), [Cause("grader", known=False)]),
        (replace(BASE, code=None, packages=None, env={}), []),
        (replace(BASE, noted_seeds={"env.torch": "7"}), []),
    ],
)
def test_each_cause_is_found_alone(new: Making, found: list[Cause]) -> None:
    assert causes(BASE, new) == found


def test_what_says_the_same_twice_counts_once() -> None:
    settings = Input("settings", "settings", value={"temperature": 0.7, "top": 1})
    told = replace(BASE, params={**BASE.params, "gen.temperature": "0.0"})
    new = replace(_with(settings), params={**BASE.params, "gen.temperature": "0.7"})
    assert causes(told, new) == [Cause("settings", "temperature")]
    other_name = replace(_with(settings), params={**BASE.params, "gen.heat": "0.7"})
    assert Cause("params", "gen.heat") in causes(replace(told, params={"gen.heat": "0.0"}), other_name)
    command = (".", "python", "a.py", "--lr", "0.1", "--depth=3")
    old = replace(BASE, command=command)
    new = replace(BASE, command=(*command[:4], "0.2", "--depth=4"), params={"lr": "0.2", "depth": "4"})
    assert causes(old, new) == [Cause("params", "depth"), Cause("params", "lr")]
    more = replace(new, command=(*new.command[:4], "0.2", "--depth=5"))
    assert Cause("command") in causes(old, more)


def test_a_number_may_be_spelled_otherwise_in_a_command() -> None:
    old = replace(BASE, command=(".", "python", "a.py", "--lr=1e-3", "1"), params={"lr": "0.001", "n": "1.0"})
    new = replace(old, command=(*old.command[:3], "--lr=2e-3", "2"), params={"lr": "0.002", "n": "2.0"})
    assert causes(old, new) == [Cause("params", "lr"), Cause("params", "n")]
    other = replace(new, command=(*new.command[:3], "--lr=3e-3", "2"))
    assert Cause("command") in causes(old, other)


def test_a_text_is_the_same_under_any_name() -> None:
    old, new = (
        making(Input("prompt", "p", value=text), params={"system": f'"{text}"'})
        for text in ("Answer briefly.", "Answer at length.")
    )
    assert causes(old, new) == [Cause("prompt")]


def test_each_file_that_was_only_seen_counts_on_its_own() -> None:
    def seen(**digits: str) -> Making:
        return making(*(Input("file", path, path, Digest(digit * 64), 3) for path, digit in digits.items()))

    old, new = seen(a="1", b="1", c="1"), seen(a="1", b="2", d="1")
    assert causes(old, new) == [Cause("file", "b"), Cause("file", "c"), Cause("file", "d")]
    assert causes(old, making()) == [Cause("file", known=False)]


def test_a_file_that_was_told_of_is_the_one_that_was_seen() -> None:
    def told(**roles: str) -> Making:
        """Under each role the files with these letters, whose content is the digit behind each."""
        each = [
            Input(role, path, path, Digest(digit * 64), 3)
            for role, files in roles.items()
            for path, digit in map(tuple, files.split())
        ]
        return making(*each)

    seen = told(file="a1 b1")
    for new in (told(dataset="a1", file="b1"), told(dataset="a1 b1"), told(dataset="a1", prompt="b1")):
        assert causes(seen, new) == causes(new, seen) == []
        assert "dataset" in same_roles(seen, new, [])
    # Other content, another place, and what both were told of, are others.
    assert causes(seen, told(dataset="a2", file="b1")) == [Cause("dataset", known=False), Cause("file", "a")]
    assert causes(seen, told(dataset="c1", file="b1")) == [Cause("dataset", known=False), Cause("file", "a")]
    swapped = causes(told(dataset="a1", file="b2"), told(dataset="b2", file="a1"))
    assert swapped == [Cause("dataset")]


def test_a_seed_among_settings_is_a_seed() -> None:
    old, new = (making(Input("settings", "s", value={"seed": seed, "t": 1})) for seed in (1, 2))
    assert causes(old, new) == [Cause("seeds")]


def test_the_order_is_that_in_which_people_ask() -> None:
    new = replace(
        _with(file("prompt", "b"), Input("x-mine", "b")),
        params={"lr": "1"},
        code="d" * 40,
        seeds={},
    )
    old = _with(Input("x-mine", "a"))
    assert [one.role for one in causes(old, new)] == ["prompt", "x-mine", "params", "params", "code", "seeds"]


def test_a_suite_is_compared_by_its_own_data_and_grader() -> None:
    def graded(*names: tuple[str, str]) -> list[Input]:
        return [Input("grader", suite, value={"digest": f"sha256:{digit * 64}"}) for suite, digit in names]

    old, new = graded(("qa", "a"), ("other", "b")), graded(("qa", "a"), ("other", "c"))
    assert not_comparable(old, new, "qa") == []
    assert not_comparable(old, new, "other") == ["grader"]
    assert not_comparable(old, new, None) == ["grader"]
    assert not_comparable(old, [], "qa") == []
    assert not_comparable(old, [], "qa", regraded=True) == not_comparable([], old, "qa", regraded=True)
    assert not_comparable(old, [], "qa", regraded=True) == ["grader"]
    assert not_comparable(old, new, "qa", regraded=True) == not_comparable([], [], "qa", regraded=True) == []


def test_values_are_told_as_json() -> None:
    assert texts({"a": {"b": 1, "c": 1.0}, "d": True, "e": [1, "x"]}) == {
        "a.b": "1",
        "a.c": "1.0",
        "d": "true",
        "e": '[1, "x"]',
    }
