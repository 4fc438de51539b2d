"""Parts of an answer as the parts that a sample of Every Eval Ever has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from gitexp.formats.ordering import without_none
from gitexp.interop.eee import words
from gitexp.model.evaluation import MAX_SECONDS, Example, Output, Result, Score, State
from gitexp.model.values import Value

SINGLE = "single_turn"


def text_of(what: str, value: Value, typed: list[str]) -> str:
    """`value` as text; `typed` gets the name of what is JSON."""
    if isinstance(value, str):
        return value
    typed.append(what)
    return words.told(value)


def list_of(what: str, value: Value, typed: list[str], *, several: bool = True) -> list[str]:
    """`value` as the list of texts that the schema has; one text, unless there may be `several`."""
    if value is None:
        return []
    texts = isinstance(value, (list, tuple)) and len(value) > 1 and all(isinstance(one, str) for one in value)
    if texts and several:
        assert isinstance(value, (list, tuple))
        return [str(one) for one in value]
    return [text_of(what, value, typed)]


def hash_of(raw: str, reference: list[str]) -> str:
    """By what a question is known whoever writes it, as the adapters of the schema compute it."""
    told = json.dumps({"raw": raw, "reference": reference}, sort_keys=True, separators=(",", ":"))
    return sha256(told.encode()).hexdigest()


def interaction_of(usage: Mapping[str, Score]) -> str:
    if usage.get("tools", 0) > 0:
        return "agentic"
    return "multi_turn" if usage.get("turns", 1) > 1 else SINGLE


def message_of(text: str) -> dict[str, Any]:
    return {"turn_idx": 0, "role": "assistant", "content": text}


def counts_of(usage: Mapping[str, Score]) -> dict[str, Score]:
    """What stands beside the score."""
    found = {"num_turns": _whole(usage, "turns", 1), "tool_calls_count": _whole(usage, "tools", 0)}
    return without_none(found)


def tokens_of(usage: Mapping[str, Score]) -> dict[str, int] | None:
    """Tokens; the schema has none without both what was read and what was written."""
    asked, said = _whole(usage, "in", 0), _whole(usage, "out", 0)
    if asked is None or said is None:
        return None
    more = without_none({key: _whole(usage, name, 0) for name, key in words.MORE_TOKENS.items()})
    return {words.TOKENS_IN: asked, words.TOKENS_OUT: said, "total_tokens": asked + said, **more}


def performance_of(usage: Mapping[str, Score]) -> dict[str, Any] | None:
    """The time, and what else was counted, which the schema has no place for."""
    tokens = () if tokens_of(usage) is None else ("in", "out", *words.MORE_TOKENS)
    told = {name for name in tokens if _whole(usage, name, 0) is not None}
    told |= {"turns"} if _whole(usage, "turns", 1) is not None else set()
    told |= {"tools"} if _whole(usage, "tools", 0) is not None else set()
    rest = {name: value for name, value in usage.items() if name not in told}
    seconds = rest.pop("sec") if 0 <= rest.get("sec", -1) < MAX_SECONDS else None
    found = without_none(
        {
            "latency_ms": None if seconds is None else seconds * 1000,
            "additional_details": {words.USAGE: words.told(rest)} if rest else None,
        }
    )
    return found or None


def metadata_of(one: Example, row: Result, said: Output, typed: list[str]) -> dict[str, str]:
    """Tags, and what gitexp knows an answer by."""
    plain = {
        name: value
        for name, value in one.tags.items()
        if isinstance(value, str) and not name.startswith(words.PREFIX)
    }
    rest = {name: value for name, value in one.tags.items() if name not in plain}
    found = {
        **plain,
        words.X: one.x,
        words.Y: one.y,
        words.EPOCH: str(row.epoch),
        words.STATE: None if row.state is State.OK and said.error is None else row.state.value,
        words.CLUSTER: one.cluster,
        words.TAGS: words.told(rest) if rest else None,
        words.WHY: said.why,
        words.TYPED: ",".join(typed) or None,
    }
    return words.texts(found)


def _whole(usage: Mapping[str, Score], name: str, least: int) -> int | None:
    found = usage.get(name)
    return found if type(found) is int and found >= least else None
