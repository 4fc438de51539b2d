"""Inputs that spans tell of, beside what is known already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gitexp.model.record import How, Input
from gitexp.ops.traces.sealing import observed


def seen(role: str, name: str, value: Any = None, **answer: Any) -> Input:
    return Input(role, name, value=value, how=How.OBSERVED, seen=answer)


MODEL = seen("model", "gpt-4o", {"name": "gpt-4o"}, response_model="gpt-4o-1")
SETTINGS = seen("settings", "gpt-4o", {"temperature": 0.2})
SEEDS = seen("seeds", "seeds", {"api": 7})


def test_what_a_client_was_seen_to_do_is_not_said_again() -> None:
    client = [replace(MODEL, seen={}), replace(SETTINGS, value={"temperature": 0.2, "n": 1})]
    known = (*client, replace(SEEDS, value={"python": 1}))
    assert observed(known, [MODEL, SETTINGS, SEEDS], ()) == (
        *(replace(client[0], seen=MODEL.seen), client[1]),
        replace(SEEDS, value={"api": 7, "python": 1}),
    )
    assert observed((), [MODEL, SEEDS], ()) == (MODEL, SEEDS)


def test_of_a_role_that_was_declared_that_stands() -> None:
    declared = Input("model", "mine", value="gpt-4o")
    other = seen("model", "judge", response_model="judge-1")
    none = Input("tools", "none", none=True)
    known = (declared, none)
    assert observed(known, [MODEL, other, seen("tools", "gpt-4o tools", 1)], ()) == (
        replace(declared, seen=MODEL.seen),
        none,
    )


def test_what_was_seen_of_an_earlier_life_gives_way() -> None:
    now = replace(SETTINGS, value={"temperature": 0.9})
    assert observed((SETTINGS,), [now], (SETTINGS,)) == (now,)
    assert observed((SETTINGS,), [now], ()) == (SETTINGS,)
