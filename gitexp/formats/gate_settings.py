"""The gates of `.gitexp.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.formats.gate_rules import READERS
from gitexp.model.gate import GateSettings

if TYPE_CHECKING:
    from gitexp.formats.settings_source import Source


def gate_settings(source: Source, name: str) -> GateSettings:
    """The gate of that name. Raises BrokenFile at what is no rule's value."""
    path = ("gates", name)
    source.check(path, tuple(READERS))
    rules = {}
    for key, value in source.mapping(*path).items():
        reader = READERS.get(key)
        if reader is None or value is None:
            continue
        try:
            rules[key] = reader.read(value)
        except (ValueError, TypeError, OverflowError):
            raise source.broken((*path, key), f"{key!r} is {value!r:.80}", hint=reader.hint) from None
    return GateSettings(name, rules)
