"""Steps as files and as rows of a journal: they come back as they were, and are bounded."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.errors import BrokenRecord
from gitexp.formats import record as files
from gitexp.formats.canonical import dump
from gitexp.formats.canonical_reader import MAX_SIZE, load
from gitexp.formats.fold import fold
from gitexp.formats.identity import identity
from gitexp.formats.run_steps import steps_file, steps_from
from gitexp.model.names import RunId, RunName
from gitexp.model.record import Code, Input, Record, RunInfo, Status
from gitexp.model.run_steps import MAX_STEPS, RunStep, StepStatus
from gitexp.model.values import Oid
from tests.formats.test_record import infos, inputs, records, text, times, words

START = "2026-11-23T18:05:00.000Z"


def _by_role(found: list[Input]) -> tuple[Input, ...]:
    return tuple(sorted(found, key=lambda one: one.role))


things = st.lists(inputs, max_size=3).map(_by_role)
a_step = st.builds(
    RunStep,
    name=words,
    started=times,
    status=st.sampled_from(StepStatus),
    seconds=st.none() | st.floats(0, 1e9),
    error=st.none() | text,
    inputs=things,
    outputs=things,
)


@st.composite
def some_steps(draw: st.DrawFn) -> tuple[RunStep, ...]:
    found: list[RunStep] = []
    for one in draw(st.lists(a_step, max_size=4)):
        outer = draw(st.none() | st.integers(1, len(found))) if found else None
        found.append(replace(one, within=outer))
    return tuple(found)


@given(records, some_steps(), st.integers(0, 9))
def test_steps_come_back_as_they_were(record: Record, steps: tuple[RunStep, ...], left_out: int) -> None:
    whole = replace(record, steps=steps, steps_left_out=left_out)
    written = files.encode(whole)
    back = files.decode(written, name="x")
    assert back == whole
    assert files.encode(back) == written
    assert (files.STEPS in written) == bool(steps or left_out)


junk = st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | text | st.lists(text, max_size=2)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in _places(item, (*path, key)))]


@given(some_steps().filter(bool), infos, st.data(), junk)
def test_what_are_no_steps_is_refused_or_read_as_others(
    steps: tuple[RunStep, ...], info: Any, data: st.DataObject, other: Any
) -> None:
    value = load(steps_file(steps, 0), what="steps")
    *above, last = data.draw(st.sampled_from(_places(value)[1:]))
    node: Any = value
    for key in above:
        node = node[key]
    node[last] = other
    written = {**files.encode(Record(info)), files.STEPS: dump(value)}
    with suppress(BrokenRecord):
        back = files.decode(written, name="x")
        assert files.decode(files.encode(back), name="x") == back


def test_a_step_is_within_one_that_came_before_it() -> None:
    told = {"name": "a", "started": START, "status": "finished"}
    with pytest.raises(BrokenRecord, match="step 1 cannot be within step 1"):
        steps_from({"steps": [{**told, "within": 1}]})
    assert steps_from({"steps": [told, {**told, "within": 1}]})[0][1].within == 1


def test_of_too_many_steps_the_first_ones_are_kept_and_the_others_counted() -> None:
    one = RunStep("a", START)
    steps, left_out = steps_from(load(steps_file([one] * (MAX_STEPS + 5), 2), what="x"))
    assert (len(steps), left_out) == (MAX_STEPS, 7)
    large = RunStep("b", START, inputs=(Input("x", "y", value="z" * 1_000_000),))
    data = steps_file([large] * 40, 0)
    steps, left_out = steps_from(load(data, what="x"))
    assert len(data) <= MAX_SIZE
    assert len(steps) > 0
    assert len(steps) + left_out == 40


def _fold(*told: dict[str, Any], start: tuple[RunStep, ...] = ()) -> Any:
    code = Code(Oid("0" * 40))
    info = RunInfo(RunId("a" * 16), RunName("brave-otter-aaaaaa"), Status.RUNNING, START, code)
    return fold(Record(info, steps=start), [["b", 1.0, one] for one in told])


def test_rows_become_steps_in_the_order_in_which_they_began() -> None:
    file = {"name": "a", "path": "a", "how": "declared", "oid": f"sha256:{'a' * 64}"}
    folded = _fold(
        {"id": "1", "name": "outer", "started": START, "inputs": {"dataset": [file]}},
        {"id": "2", "name": "inner", "started": START, "in": "1"},
        {"id": "2", "status": "failed", "seconds": 0.5, "error": "ValueError: x"},
        {"id": "1", "outputs": {"file": [file]}},
        {"id": "1", "outputs": {"file": [file]}, "inputs": {"prompt": [file]}},
        {"id": "3", "name": "open", "started": START},
    )
    outer, inner, still = folded.record.steps
    assert folded.unread == 0
    assert (outer.name, outer.status, outer.within) == ("outer", StepStatus.UNFINISHED, None)
    assert [one.role for one in outer.inputs] == ["dataset", "prompt"]
    assert [one.path for one in outer.outputs] == ["a"]
    assert (inner.within, inner.status, inner.seconds, inner.error) == (
        *(1, StepStatus.FAILED, 0.5),
        "ValueError: x",
    )
    assert still.status is StepStatus.UNFINISHED


def test_a_run_that_is_taken_up_again_keeps_its_steps_and_counts_on() -> None:
    before = (RunStep("before", START),)
    steps = _fold(
        {"id": "1", "name": "outer", "started": START},
        {"id": "2", "name": "inner", "started": START, "in": "1"},
        start=before,
    ).record.steps
    assert [(one.name, one.within) for one in steps] == [("before", None), ("outer", None), ("inner", 2)]
    assert _fold(start=before).record.steps == before


def test_a_row_that_makes_no_sense_is_one_row_lost() -> None:
    good = {"id": "1", "name": "a", "started": START}
    folded = _fold({"id": "1", "name": 3, "started": START}, good, {"id": "1", "seconds": float("nan")})
    assert (len(folded.record.steps), folded.unread) == (1, 2)
    # The end of a step that was left out is no damage.
    assert _fold({"id": "9", "status": "finished"}).unread == 0


def test_steps_beyond_the_bound_are_counted() -> None:
    told = [{"id": str(n), "name": "a", "started": START} for n in range(MAX_STEPS + 3)]
    record = _fold(*told, {"id": str(MAX_STEPS + 1), "status": "finished"}).record
    assert (len(record.steps), record.steps_left_out) == (MAX_STEPS, 3)


def test_an_input_that_is_too_deep_is_known_by_what_it_is() -> None:
    value: Any = 1
    for _ in range(60):
        value = [value]
    one = Input("settings", "s", value=value)
    step = RunStep("deep", START, StepStatus.FINISHED, inputs=(one,))
    written = load(steps_file([step], 0), what="steps.yaml")
    assert isinstance(written, dict)
    (found,) = steps_from(written)[0][0].inputs
    assert identity(found) == identity(one)
