"""What was asked of models through their clients, and the seeds that were set, as inputs.

Where a run asked one thing in several ways, all of them are there and marked `mixed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gitexp.formats.asked import fingerprint, portable_name, provider_name, settings_of
from gitexp.formats.ways import bounded, different, hashed, mixed, pin_of_model
from gitexp.model.record import How, Input, Pin
from gitexp.model.roles import MODEL, PROMPT, SEEDS, SETTINGS, TOOLS
from gitexp.model.values import Value

_API = "api"
_MOST_NAME = 200


def seed_input(seeds: Sequence[tuple[str, Value]], calls: Iterable[Mapping[str, Any]]) -> Iterator[Input]:
    """Every seed that was set, by generator: the value, or all of them in order. None is an unseeded one."""
    found: dict[str, list[Value]] = {}
    for name, value in seeds:
        found.setdefault(name, []).append(value)
    for one in calls:
        if "seed" in one and one["seed"] not in found.setdefault(_API, []):
            found[_API].append(one["seed"])
    if found:
        value = {name: bounded(values) for name, values in found.items()}
        yield Input(SEEDS, SEEDS, value=value, how=How.OBSERVED)


def call_inputs(calls: Iterable[Mapping[str, Any]]) -> Iterator[Input]:
    """The models that were called, and how."""
    models: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for one in calls:
        if isinstance(one.get("provider"), str):
            key = provider_name(one["provider"]), portable_name(one["model"])[:_MOST_NAME]
            models.setdefault(key, []).append(one)
    for (provider, model), facts in sorted(models.items()):
        cut = {str(one["more"]) for one in facts if "more" in one}
        value = {"name": model, "provider": provider}
        yield Input(MODEL, model, value=value, how=How.OBSERVED, pin=pin_of_model(model), seen=_seen(facts))
        if any(settings := _settings(facts)):
            yield _input(SETTINGS, model, mixed(settings), inexact="settings" in cut)
        for kind, role in (("tools", TOOLS), ("prompt", PROMPT)):
            if hashes := [one for one in _ways(facts, kind) if isinstance(one, str)]:
                yield _input(role, f"{model} {_NAMES[role]}", hashed(hashes), inexact=kind in cut)


_NAMES = {TOOLS: "tools", PROMPT: "system"}


def _input(role: str, name: str, value: Value, *, inexact: bool) -> Input:
    """Where not all was noted, what it was can only be inferred."""
    return Input(role, name, value=value, how=How.OBSERVED, pin=Pin.INFERRED if inexact else Pin.CONTENT)


def _seen(facts: Iterable[Mapping[str, Any]]) -> Mapping[str, Value]:
    """What was answered; several values where answers differ."""
    found: dict[str, list[Value]] = {}
    for one in facts:
        told = one.get("seen")
        for key, public in (("response_model", portable_name), ("system_fingerprint", fingerprint)):
            value = told.get(key) if isinstance(told, dict) else None
            if isinstance(value, str) and (value := public(value)) not in found.setdefault(key, []):
                found[key].append(value)
    return {key: bounded(sorted(map(str, values))) for key, values in found.items() if values}


def _settings(facts: Iterable[Mapping[str, Any]]) -> list[Value]:
    told = (one.get("settings") for one in facts)
    return different(settings_of(one) for one in told if isinstance(one, Mapping))


def _ways(facts: Iterable[Mapping[str, Any]], kind: str) -> list[Value]:
    return different(one[kind] for one in facts if kind in one)
