"""`inputs.yaml` stays within what is read again, whatever a run was given."""

from __future__ import annotations

from typing import Any

import pytest

from gitexp.formats.canonical_reader import MAX_SIZE, load
from gitexp.formats.identity import identity, pin_of
from gitexp.formats.inputs import inputs_from
from gitexp.formats.inputs_file import LEFT_OUT, inputs_file
from gitexp.model.record import Input


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def read(inputs: list[Input]) -> tuple[Input, ...]:
    data = inputs_file(inputs)
    assert len(data) <= MAX_SIZE
    value = load(data, what="inputs.yaml")
    assert isinstance(value, dict)
    return inputs_from(value)


@pytest.mark.parametrize(
    "value", [nested(62), nested(400), "x" * (3 << 20), {"a": ["x" * 30_000] * 200}, [float("nan")] * 200_000]
)
def test_what_is_too_large_or_too_deep_is_known_by_what_it_is(value: Any) -> None:
    inputs = [Input("settings", f"m{number}", value=value, seen={"a": "b"}) for number in range(2)]
    found = read([*inputs, Input("model", "small", value={"name": "m"})])
    assert found[0] == Input("model", "small", value={"name": "m"})
    assert [identity(one) for one in found[1:]] == [identity(one) for one in inputs]
    assert [pin_of(one) for one in found[1:]] == [pin_of(one) for one in inputs]
    assert {one.value["cut"] for one in found[1:]} == {True}  # type: ignore[index,call-overload]


def test_of_too_many_the_first_are_kept() -> None:
    inputs = [Input("dataset", f"{number:06}-{'n' * 900}", value="v") for number in range(19_000)]
    *found, more = read(inputs)
    assert found
    assert found == inputs[: len(found)]
    assert (more.role, more.name) == (LEFT_OUT, f"{len(inputs) - len(found)} more inputs")
