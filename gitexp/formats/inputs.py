"""Inputs as `inputs.yaml` and the journal have them, and back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from gitexp.formats import record_fields as fields
from gitexp.formats.ordering import key_sorted, without_none
from gitexp.model.record import How, Input, Pin
from gitexp.model.values import Value

NONE = "none"
"""The name of an input that states that there is none of its role."""

Known = dict[tuple[str, str], Input]
"""Role and name -> the input, in the order in which they became known."""


def inputs_value(inputs: Iterable[Input]) -> dict[str, Value]:
    """Role -> its inputs, roles sorted, inputs in the order they became known."""
    roles: dict[str, list[Value]] = {}
    for one in inputs:
        roles.setdefault(one.role, []).append(input_value(one))
    return {role: roles[role] for role in sorted(roles)}


def input_value(one: Input) -> dict[str, Value]:
    """The keys of an input but its role; what is not known is left out."""
    value: dict[str, Value] = {
        "name": one.name,
        "path": one.path,
        "oid": f"sha256:{one.oid}" if one.oid else None,
        "size": one.size,
        "value": one.value,
        "how": one.how.value,
        "pin": one.pin.value if one.pin else None,
        "none": one.none or None,
        "seen": one.seen or None,
        "suites": list(one.suites) or None,
    }
    return key_sorted(without_none(value))


def input_from(role: str, value: Mapping[str, Any]) -> Input:
    pin = fields.text_or_none(value.get("pin"))
    return Input(
        role=fields.text(role),
        name=fields.text(value["name"]),
        path=fields.input_path(value.get("path")),
        oid=fields.digest_or_none(value.get("oid")),
        size=fields.count_or_none(value.get("size")),
        value=value.get("value"),
        how=How(value["how"]),
        pin=Pin(pin) if pin is not None else None,
        none=fields.flag(value.get("none")),
        seen=fields.mapping(value.get("seen")),
        suites=fields.texts(value.get("suites")),
    )


def inputs_from(value: Mapping[str, Any]) -> tuple[Input, ...]:
    return tuple(
        input_from(role, fields.mapping(one)) for role, ones in value.items() for one in fields.listed(ones)
    )


def is_of(one: Input, suites: Collection[str], others: Collection[str]) -> bool:
    """Whether an input is one of some `suites`: it bears the name of no other, and is said to be of no others
    alone. Without any suites it is one of all.
    """
    own = not one.suites or not suites or any(name in one.suites for name in suites)
    return own and one.name not in others


def lay_over(known: Known, one: Input) -> None:
    """Add `one` to what is known, in the place of what had its role and name.

    Of "there is none" and an input of that role the later word stands.
    """
    if one.none:
        for key in [key for key in known if key[0] == one.role]:
            del known[key]
    elif (stated := known.get((one.role, NONE))) is not None and stated.none:
        del known[one.role, NONE]
    known[one.role, one.name] = one


def is_answered_by(declared: Input, seen: Input) -> bool:
    """Whether what was `seen` to answer is the input that somebody declared, of which no answer is known."""
    value = declared.value
    named = value.get("name") if isinstance(value, Mapping) else value
    return declared.role == seen.role and not declared.seen and seen.name in (declared.name, named)
