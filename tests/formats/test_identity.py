"""What an input is: equal where it is the same, wherever it was; other where anything of it is."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.formats.identity import identity, pin_of, vector
from gitexp.formats.inputs import inputs_from, inputs_value, lay_over
from gitexp.model.record import How, Input, Pin
from gitexp.model.values import Digest
from tests.formats.test_record import inputs as any_inputs

HASH = "sha256:" + "a" * 64


def test_a_file_is_its_bytes_wherever_it_is() -> None:
    one = Input("dataset", "train.csv", "data/train.csv", Digest("a" * 64), 3)
    assert identity(one) == HASH
    assert identity(replace(one, name="other", path=None, how=How.OBSERVED)) == HASH
    assert identity(replace(one, oid=Digest("b" * 64))) != HASH


def test_the_digest_of_the_examples_stands_for_a_dataset() -> None:
    one = Input("dataset", "tinyqa", value={"examples": 6, "digest": HASH, "split": "test"})
    assert identity(one) == HASH
    assert pin_of(one) is Pin.CONTENT


def test_a_digest_does_not_hide_what_it_is_not_the_hash_of() -> None:
    grader = {"name": "judge", "digest": HASH}
    assert identity(Input("grader", "g", value=grader)) == HASH
    strict, mild = (Input("grader", "g", value=grader | {"threshold": share}) for share in (0.5, 0.9))
    assert len({HASH, identity(strict), identity(mild)}) == 3


def test_content_speaks_for_itself_and_a_name_only_for_its_name() -> None:
    prompt = Input("prompt", "a", value="Answer briefly.")
    assert identity(prompt) == identity(replace(prompt, name="b"))
    model = Input("model", "a/b", value={"provider": "vllm"})
    assert identity(model) != identity(replace(model, name="a/c"))
    assert identity(model) != identity(replace(model, value={"provider": "tgi"}))


@pytest.mark.parametrize(
    ("one", "pin"),
    [
        (Input("dataset", "d", oid=Digest("a" * 64)), Pin.CONTENT),
        (Input("model", "m", value="gpt-x"), Pin.NAMED),
        (Input("model", "m", value={"revision": "0e9e39f"}), Pin.REVISION),
        (Input("model", "m", value={"weights": HASH, "revision": "0e9e39f"}), Pin.CONTENT),
        (Input("model", "m", value={"weights": "none of them"}), Pin.NAMED),
        (Input("settings", "s", value={"temperature": 0.7}), Pin.CONTENT),
        (Input("seeds", "s", value={"numpy": 1}), Pin.CONTENT),
        (Input("sandbox", "python:3.12", value=f"python:3.12@{HASH}"), Pin.CONTENT),
        (Input("dataset", "squad"), Pin.NAMED),
        (Input("prompt", "p"), Pin.NAMED),
        (Input("prompt", "p", value="text", pin=Pin.INFERRED), Pin.INFERRED),
        (Input("retriever", "none", none=True), None),
    ],
)
def test_how_firmly_an_input_is_known(one: Input, pin: Pin | None) -> None:
    assert pin_of(one) is pin


def test_numbers_that_json_has_not_are_told_apart() -> None:
    found = {identity(Input("x-a", "a", value=one)) for one in (nan, inf, -inf, "nan", 1, 1.0, True, None)}
    assert len(found) == 8


@given(st.lists(any_inputs, max_size=4), st.randoms())
def test_order_does_not_matter_to_a_vector(inputs: list[Input], random: Any) -> None:
    mixed = list(inputs)
    random.shuffle(mixed)
    assert vector(inputs) == vector(mixed)


@given(any_inputs)
def test_what_is_written_has_the_identity_of_what_was_known(one: Input) -> None:
    (back,) = inputs_from(inputs_value([one]))
    assert (identity(back), pin_of(back)) == (identity(one), pin_of(one))


@given(any_inputs, st.dictionaries(st.text(max_size=3), st.integers(), max_size=2))
def test_what_a_service_answered_is_no_part_of_what_was_asked(one: Input, seen: dict[str, int]) -> None:
    assert identity(replace(one, seen=seen)) == identity(one)


def test_of_there_is_none_and_an_input_the_later_word_stands() -> None:
    known: dict[tuple[str, str], Input] = {}
    none, some = Input("retriever", "none", none=True), Input("retriever", "bm25", value="bm25")
    for one in (some, none):
        lay_over(known, one)
    assert list(known.values()) == [none]
    lay_over(known, some)
    assert list(known.values()) == [some]
    lay_over(known, Input("model", "none", none=True))
    assert len(known) == 2


def test_a_name_is_told_beside_the_value_or_in_it() -> None:
    one = Input("grader", "judge", value={"revision": "v1"}, pin=Pin.REVISION)
    other = Input("grader", "judge", value={"name": "judge", "revision": "v1"})
    assert identity(one) == identity(other)
    assert identity(one) != identity(replace(other, value={"name": "other", "revision": "v1"}))


def test_a_grader_in_python_is_its_syntax_and_a_dataset_its_bytes() -> None:
    one = Input("grader", "g.py", "g.py", Digest("a" * 64), value={"ast": "sha256:" + "c" * 64})
    assert identity(one) == identity(replace(one, oid=Digest("b" * 64)))
    assert identity(one) != identity(replace(one, value={"ast": "sha256:" + "d" * 64}))
    assert identity(replace(one, role="dataset")) == HASH
