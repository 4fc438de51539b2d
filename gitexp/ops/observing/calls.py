"""What was asked of models through their clients, and the seeds that were set, as inputs.

Where a run asked one thing in several ways, all of them are there and marked `mixed`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gitexp.formats.canonical_json import digest
from gitexp.model.record import How, Input, Pin
from gitexp.model.roles import MODEL, PROMPT, SEEDS, SETTINGS, TOOLS
from gitexp.model.values import Value

_MOST_WAYS = 16
"""Settings that are listed one by one; of more there are only their number and a hash."""
_API = "api"


def seed_input(seeds: Sequence[tuple[str, Value]], calls: Iterable[Mapping[str, Any]]) -> Iterator[Input]:
    """Every seed that was set, by generator: the value, or all of them in order. None is an unseeded one."""
    found: dict[str, list[Value]] = {}
    for name, value in seeds:
        found.setdefault(name, []).append(value)
    for one in calls:
        if "seed" in one and one["seed"] not in found.setdefault(_API, []):
            found[_API].append(one["seed"])
    if found:
        value = {name: values[0] if len(values) == 1 else _bounded(values) for name, values in found.items()}
        yield Input(SEEDS, SEEDS, value=value, how=How.OBSERVED)


def call_inputs(calls: Iterable[Mapping[str, Any]]) -> Iterator[Input]:
    """The models that were called, and how."""
    models: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for one in calls:
        if isinstance(one.get("provider"), str):
            models.setdefault((one["provider"], one["model"]), []).append(one)
    for (provider, model), facts in sorted(models.items()):
        cut = {str(one["more"]) for one in facts if "more" in one}
        value = {"name": model, "provider": provider}
        yield Input(MODEL, model, value=value, how=How.OBSERVED, pin=Pin.NAMED, seen=_seen(facts))
        if settings := _ways(facts, "settings"):
            yield _input(SETTINGS, model, _mixed(settings), inexact="settings" in cut)
        for kind, role in (("tools", TOOLS), ("prompt", PROMPT)):
            if hashes := [one for one in _ways(facts, kind) if isinstance(one, str)]:
                yield _input(role, f"{model} {_NAMES[role]}", _hashed(hashes), inexact=kind in cut)


_NAMES = {TOOLS: "tools", PROMPT: "system"}


def _input(role: str, name: str, value: Value, *, inexact: bool) -> Input:
    """Where not all was noted, what it was can only be inferred."""
    return Input(role, name, value=value, how=How.OBSERVED, pin=Pin.INFERRED if inexact else Pin.CONTENT)


def _seen(facts: Iterable[Mapping[str, Any]]) -> Mapping[str, Value]:
    """What was answered; several values where answers differ."""
    found: dict[str, list[Value]] = {}
    for one in facts:
        told = one.get("seen")
        for key in ("response_model", "system_fingerprint"):
            value = told.get(key) if isinstance(told, dict) else None
            if isinstance(value, str) and value not in found.setdefault(key, []):
                found[key].append(value)
    return {
        key: values[0] if len(values) == 1 else _bounded(sorted(map(str, values)))
        for key, values in found.items()
        if values
    }


def _ways(facts: Iterable[Mapping[str, Any]], kind: str) -> list[Value]:
    """The different values, in an order that does not depend on which call was first."""
    found = {json.dumps(one[kind], sort_keys=True): one[kind] for one in facts if kind in one}
    return [found[key] for key in sorted(found)]


def _mixed(ways: Sequence[Value]) -> Value:
    if len(ways) == 1:
        return ways[0]
    if len(ways) <= _MOST_WAYS:
        return {"mixed": list(ways)}
    return {"mixed": len(ways), "digest": f"sha256:{digest(list(ways))}"}


def _hashed(hashes: Sequence[str]) -> Value:
    if len(hashes) == 1:
        return {"digest": hashes[0]}
    return {"mixed": len(hashes), "digest": f"sha256:{digest(list(hashes))}"}


def _bounded(values: Sequence[Value]) -> list[Value]:
    return list(values[:_MOST_WAYS]) + (
        [f"and {len(values) - _MOST_WAYS} more"] if len(values) > _MOST_WAYS else []
    )
