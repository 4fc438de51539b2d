"""`steps.yaml`, written and read, and the rows of a journal that it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from gitexp.errors import BrokenRecord
from gitexp.formats import record_fields as fields
from gitexp.formats.canonical import dump
from gitexp.formats.canonical_reader import MAX_SIZE
from gitexp.formats.inputs import inputs_from, inputs_value
from gitexp.formats.inputs_file import writable
from gitexp.formats.ordering import without_none
from gitexp.model.record import Input
from gitexp.model.run_steps import MAX_ERROR, MAX_FILES, MAX_NAME, MAX_STEPS, RunStep, StepStatus
from gitexp.model.values import Value


def steps_file(steps: Sequence[RunStep], left_out: int) -> bytes:
    """`steps.yaml`, within what a reader reads: of too many steps the first ones are kept."""
    steps, left_out = steps[:MAX_STEPS], left_out + max(0, len(steps) - MAX_STEPS)
    try:
        data = dump(steps_value(steps, left_out))
    except BrokenRecord:  # too deep
        steps = [replace(one, inputs=_writable(one.inputs), outputs=_writable(one.outputs)) for one in steps]
        data = dump(steps_value(steps, left_out))
    while len(data) > MAX_SIZE:
        half = len(steps) // 2
        steps, left_out = steps[:half], left_out + len(steps) - half
        data = dump(steps_value(steps, left_out))
    return data


def steps_value(steps: Sequence[RunStep], left_out: int = 0) -> dict[str, Value]:
    """The steps in the order in which they began, and how many more there were."""
    value: dict[str, Value] = {"steps": [_step_value(one) for one in steps]} if steps else {}
    return {**value, "left_out": left_out} if left_out else value


def steps_from(value: Mapping[str, Any]) -> tuple[tuple[RunStep, ...], int]:
    """The inverse of `steps_value`. Raises BrokenRecord, or whatever a wrong type raises."""
    found: list[RunStep] = []
    for one in fields.listed(value.get("steps"))[:MAX_STEPS]:
        found.append(_step_from(fields.mapping(one), len(found)))
    return tuple(found), fields.count_or_none(value.get("left_out")) or 0


def _step_value(one: RunStep) -> dict[str, Value]:
    value: dict[str, Value] = {
        "name": one.name,
        "within": one.within,
        "started": one.started,
        "seconds": one.seconds,
        "status": one.status.value,
        "error": one.error,
        "inputs": inputs_value(one.inputs) or None,
        "outputs": inputs_value(one.outputs) or None,
    }
    return without_none(value)


def _step_from(value: Mapping[str, Any], before: int) -> RunStep:
    """A step that `before` others come before."""
    within = fields.count_or_none(value.get("within"))
    if within is not None and not 1 <= within <= before:
        raise BrokenRecord(f"step {before + 1} cannot be within step {within}")
    return RunStep(
        name=fields.text(value["name"])[:MAX_NAME],
        started=fields.time(value["started"]),
        status=StepStatus(value["status"]),
        seconds=_seconds(value.get("seconds")),
        within=within,
        error=_error(value.get("error")),
        inputs=_things(value.get("inputs")),
        outputs=_things(value.get("outputs")),
    )


def _seconds(value: object) -> float | None:
    found = None if value is None else float(fields.number(value))
    if found is not None and not (isfinite(found) and found >= 0):
        raise BrokenRecord(f"{found} are no seconds that a step takes")
    return found


def _error(value: object) -> str | None:
    found = fields.text_or_none(value)
    return found if found is None else found[:MAX_ERROR]


def _writable(inputs: tuple[Input, ...]) -> tuple[Input, ...]:
    return tuple(writable(inputs))


def _things(value: object) -> tuple[Input, ...]:
    return inputs_from(fields.mapping(value))[:MAX_FILES]


@dataclass(slots=True)
class StepRows:
    """What is known of the steps so far."""

    steps: list[RunStep] = field(default_factory=list)
    left_out: int = 0
    _places: dict[str, int] = field(default_factory=dict)
    """The id that a journal gives a step -> its place."""

    def apply(self, value: Mapping[str, Any]) -> None:
        """A row: a step that begins, has a name; one that is known, more of it or its end."""
        if "name" not in value:
            self._go_on(value)
        elif len(self.steps) < MAX_STEPS:
            self._begin(value)
        else:
            self.left_out += 1

    def _begin(self, value: Mapping[str, Any]) -> None:
        outer = self._places.get(fields.text(value.get("in", "")))
        begun = {"status": StepStatus.UNFINISHED.value, **value, "within": None}
        self.steps.append(replace(_step_from(begun, len(self.steps)), within=_number(outer)))
        self._places[fields.text(value["id"])] = len(self.steps) - 1

    def _go_on(self, value: Mapping[str, Any]) -> None:
        place = self._places.get(fields.text(value["id"]))
        if place is None:  # one that was left out
            return
        old = self.steps[place]
        self.steps[place] = replace(
            old,
            status=StepStatus(value.get("status", old.status)),
            seconds=_seconds(value.get("seconds", old.seconds)),
            error=_error(value.get("error", old.error)),
            inputs=_both(old.inputs, value.get("inputs")),
            outputs=_both(old.outputs, value.get("outputs")),
        )


def _number(place: int | None) -> int | None:
    return None if place is None else place + 1


def _both(old: tuple[Input, ...], value: object) -> tuple[Input, ...]:
    """What is told again, of one role and name, stands as it was told last."""
    found = {(one.role, one.name, one.path): one for one in (*old, *_things(value))}
    return tuple(sorted(found.values(), key=lambda one: one.role))[:MAX_FILES]
