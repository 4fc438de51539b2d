"""`inputs.yaml` within what a reader reads, whatever inputs there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gitexp.errors import BrokenRecord
from gitexp.formats.canonical import dump
from gitexp.formats.canonical_reader import MAX_SCALAR, MAX_SIZE
from gitexp.formats.identity import identity, pin_of
from gitexp.formats.inputs import input_value, inputs_value
from gitexp.model.record import How, Input

LEFT_OUT = "x-left-out"
"""The role of what says that there were more."""
_LARGE, _SMALL = 1 << 20, 1 << 10
"""Bytes of one input."""
_LONGEST = 1000
"""Characters of what tells of one whose value is not there."""


def inputs_file(inputs: Sequence[Input]) -> bytes:
    """Of values that are too large or too deep only what they are known by is kept, of too many inputs the
    first ones."""
    try:
        data = dump(inputs_value(inputs))
        if len(data) <= MAX_SCALAR:
            return data
    except BrokenRecord:  # too deep
        pass
    for longest in (_LARGE, _SMALL):
        kept = writable(inputs, longest)
        data = dump(inputs_value(kept))
        if len(data) <= MAX_SIZE:
            return data
    while len(data) > MAX_SIZE:
        kept = kept[: len(kept) // 2]
        more = Input(LEFT_OUT, f"{len(inputs) - len(kept)} more inputs", how=How.OBSERVED)
        data = dump(inputs_value((*kept, more)))
    return data


def writable(inputs: Iterable[Input], longest: int = _LARGE) -> list[Input]:
    """The inputs, each of at most so many bytes: it keeps its identity. One that nothing can write is not
    there."""
    return [kept for one in inputs if (kept := _within(one, longest)) is not None]


def _within(one: Input, longest: int) -> Input | None:
    try:
        # As deep as it stands in `steps.yaml`.
        if len(dump({"": [{"": {"": [input_value(one)]}}]})) <= longest:
            return one
    except BrokenRecord:
        pass
    try:
        return replace(
            one,
            role=one.role[:_LONGEST],
            name=one.name[:_LONGEST],
            path=one.path if len(one.path or "") <= _LONGEST else None,
            value=None if one.value is None else {"digest": identity(one), "cut": True},
            pin=pin_of(one),
            seen={},
        )
    except (RecursionError, TypeError, ValueError):
        return None
