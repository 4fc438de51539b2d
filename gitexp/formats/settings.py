"""`.gitexp.yaml`: what the people who work on a repository share about recording in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gitexp.errors import BrokenFile

FILE = ".gitexp.yaml"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that recording uses; every one may be left out of the file."""

    params: tuple[str, ...] = ()
    """Params files, relative to the root."""
    metrics: tuple[str, ...] = ()
    """Metrics and series files, relative to the root."""
    outputs: tuple[str, ...] = ()
    """Files and folders to keep as artifacts."""
    never_capture: tuple[str, ...] = ()
    """Patterns of files that are never captured."""
    redact: tuple[str, ...] = ()
    """Names of params and variables whose values are secret."""
    variables: tuple[str, ...] = ()
    """Environment variables to record besides the usual ones."""
    goals: Mapping[str, str] = field(default_factory=dict)
    """Metric -> `min` or `max`: which way is better."""
    link: tuple[str, ...] | None = None
    """Ignored paths that an isolated run gets links to; None for all of them."""


def parse(data: bytes) -> Settings:
    """The settings in the bytes of `.gitexp.yaml`. Raises BrokenFile."""
    # Heavy, and most repositories have no such file.
    from gitexp.formats import yaml

    value = yaml.load_user(data.decode("utf-8", "replace"), what=FILE)
    if value is None:
        return Settings()
    if not isinstance(value, Mapping):
        raise BrokenFile(f"{FILE!r} is not a mapping", hint="write 'key: value' lines")
    isolated = _section(value, "isolated")
    return Settings(
        params=_strings(value, "params"),
        metrics=_strings(value, "metrics"),
        outputs=_strings(value, "outputs"),
        never_capture=_strings(value, "never_capture"),
        redact=_strings(value, "redact"),
        variables=_strings(value, "variables"),
        goals=_goals(_section(value, "goals")),
        link=_strings(isolated, "link") if "link" in isolated else None,
    )


def _section(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    section = value.get(key) or {}
    if not isinstance(section, Mapping):
        raise BrokenFile(f"{FILE!r}: {key!r} is not a mapping")
    return section


def _strings(value: Mapping[str, Any], key: str) -> tuple[str, ...]:
    items = value.get(key)
    if items is None or items is False:
        return ()
    if isinstance(items, str):
        return (items,)
    if isinstance(items, list) and all(isinstance(item, str) for item in items):
        return tuple(items)
    raise BrokenFile(f"{FILE!r}: {key!r} is not a list of strings")


def _goals(section: Mapping[str, Any]) -> dict[str, str]:
    for metric, goal in section.items():
        if goal not in ("min", "max"):
            raise BrokenFile(f"{FILE!r}: the goal of {metric!r} is {goal!r}", hint="use min or max")
    return dict(section)
