"""`reproduction` of `run.yaml`, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitexp.formats import record_fields as fields
from gitexp.model.names import parse_name
from gitexp.model.reproduction import Fate, InputChange, Measured, Reproduction, Verdict
from gitexp.model.values import Value


def reproduction_value(found: Reproduction) -> dict[str, Value]:
    value: dict[str, Value] = {"of": {"name": found.name, "commit": found.commit}}
    if found.on:
        value["on"] = found.on
    value["verdict"] = found.verdict.value
    if found.metrics:
        value["metrics"] = {name: _measured_value(one) for name, one in sorted(found.metrics.items())}
    if found.inputs:
        value["inputs"] = {name: _change_value(one) for name, one in sorted(found.inputs.items())}
    if found.lacking:
        value["lacking"] = list(found.lacking)
    return value


def _measured_value(one: Measured) -> dict[str, Value]:
    value: dict[str, Value] = {"verdict": one.verdict.value, "old": one.old, "new": one.new}
    if one.tolerance is not None:
        value["tolerance"] = one.tolerance
    if one.how is not None:
        value["how"] = one.how
    return value


def _change_value(one: InputChange) -> dict[str, Value]:
    return {"fate": one.fate.value, "old": one.old, "new": one.new}


def reproduction_from(value: object) -> Reproduction:
    """The inverse of `reproduction_value`. Raises BrokenRecord, or whatever a wrong type raises."""
    one = fields.mapping(value)
    of = fields.mapping(one["of"])
    return Reproduction(
        name=parse_name(fields.text(of["name"])),
        commit=fields.oid(of["commit"]),
        on=fields.oid_or_none(one.get("on")),
        verdict=Verdict(one["verdict"]),
        metrics={
            fields.text(name): _measured_from(fields.mapping(item))
            for name, item in fields.mapping(one.get("metrics")).items()
        },
        inputs={
            fields.text(name): _change_from(fields.mapping(item))
            for name, item in fields.mapping(one.get("inputs")).items()
        },
        lacking=fields.texts(one.get("lacking")),
    )


def _measured_from(value: Mapping[str, Any]) -> Measured:
    fields.scalars({key: value.get(key) for key in ("old", "new")})
    tolerance = value.get("tolerance")
    return Measured(
        verdict=Verdict(value["verdict"]),
        old=value.get("old"),
        new=value.get("new"),
        tolerance=None if tolerance is None else fields.number(tolerance),
        how=fields.text_or_none(value.get("how")),
    )


def _change_from(value: Mapping[str, Any]) -> InputChange:
    return InputChange(Fate(value["fate"]), value.get("old"), value.get("new"))
