"""The rules of a gate: those of the baseline's `.gitexp.yaml`, with what was typed laid over them.

Not those of the working tree: a branch could loosen its own gate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from gitexp.errors import BrokenFile, UnknownKey
from gitexp.formats.settings import FILE, Settings
from gitexp.model.gate import DEFAULT, Rules
from gitexp.model.values import Oid
from gitexp.ops.committed import differing, of_metrics, settings_at
from gitexp.repo import Repository

TYPED, WRITTEN = "command line", FILE


@dataclass(frozen=True, slots=True)
class Ruling:
    """The rules, and where each that is not the usual one comes from."""

    gate: str
    rules: Rules
    said: Mapping[str, str]
    """Field of Rules -> TYPED or WRITTEN."""
    settings: Settings
    """Of the baseline: its goals, noise and audit hold as well."""
    remarks: tuple[str, ...] = ()
    complaints: tuple[BrokenFile, ...] = ()
    """What stands in the gate there and is no rule."""


def ruling(repo: Repository, commit: Oid, gate: str | None, given: Mapping[str, Any]) -> Ruling:
    """The rules at `commit`. Raises UnknownKey for a gate that it does not have, BrokenFile."""
    settings = settings_at(repo, commit)
    name = gate or DEFAULT
    if gate is not None and gate not in settings.gates:
        known = ", ".join(settings.gates)
        raise UnknownKey(
            f"no gate {gate!r} in {FILE} of the baseline ({commit[:10]})",
            hint=f"one of {known}"
            if known
            else f"write into {FILE}: gates: {{{DEFAULT}: {{max_drop: 0.02}}}}",
        )
    written = settings.gates[name].rules if name in settings.gates else {}
    said = {**dict.fromkeys(written, WRITTEN), **dict.fromkeys(given, TYPED)}
    rules = Rules(**{**written, **given})
    complaints = tuple(one for one in settings.unknown if "'gates." in one.message)
    return Ruling(name, rules, said, settings, tuple(_remarks(repo, settings, name)), complaints)


def _remarks(repo: Repository, settings: Settings, gate: str) -> Iterator[str]:
    """What the working tree has otherwise."""
    if repo.layout.top is None:
        return
    try:
        here = repo.settings
    except BrokenFile as error:
        yield f"{error.message}; what holds is that of the baseline"
        return
    changed = [f"gates.{gate}.{key}" for key in differing(_rules(here, gate), _rules(settings, gate))]
    changed += of_metrics(here, settings)
    if set(here.audit.require) != set(settings.audit.require):
        changed.append("audit.require")
    if changed:
        yield f"{FILE} of the working tree has other rules, which do not hold here: {', '.join(changed)}"


def _rules(settings: Settings, gate: str) -> Mapping[str, Any]:
    return settings.gates[gate].rules if gate in settings.gates else {}


def told(ruling: Ruling) -> Iterator[tuple[str, str]]:
    """Each rule that was said: `max drop 0.02`, and where."""
    for one in fields(Rules):
        if one.name in ruling.said:
            value = getattr(ruling.rules, one.name)
            name = one.name.replace("_", " ")
            yield name if value is True else f"{name} {_text(value)}", ruling.said[one.name]


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_text, value))
    return str(value.value if isinstance(value, Enum) else value)
