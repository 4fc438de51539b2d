"""What a log tells of its own making, as the inputs and times of a run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from gitexp.formats.canonical_json import digest
from gitexp.formats.inputs import NONE
from gitexp.model.evaluation import Suite
from gitexp.model.record import How, Input, Pin
from gitexp.model.times import format_time

_MAX_NAME = 200
_COMMIT = re.compile(r"[0-9a-f]{40,64}", re.ASCII)
_DATED = re.compile(r"20\d\d-?(0[1-9]|1[0-2])-?([0-2]\d|3[01])(?!\d)", re.ASCII)
"""`gpt-4o-2024-08-06`, `claude-sonnet-4-20250514`: who serves it says that it stays as it is."""
_ABSOLUTE = re.compile(r"(file://)?(/[^/\s]+){2,}/?|[A-Za-z]:[\\/]\S+|\\\\\S+")


def input_of(
    role: str,
    name: str,
    value: Mapping[str, Any],
    data: Suite | None = None,
    *,
    pin: Pin | None = None,
    seen: Mapping[str, Any] | None = None,
) -> Input:
    """An input by the word of a log, which nobody checked; `data` is the suite whose examples it is.

    `seen` is what is told besides, which does not make it another input.
    """
    told = _known(value)
    if data is not None:
        told |= {"examples": len(data.examples), "digest": f"sha256:{dataset_digest(data)}"}
    named = portable(" ".join(name.split()))[:_MAX_NAME]
    besides = plain(_known(seen or {}))
    return Input(role, named or role, value=plain(told), how=How.ASSUMED, pin=pin, seen=besides)


def none_of(role: str) -> Input:
    """The statement that there was none, where the log proves it."""
    return Input(role, NONE, how=How.ASSUMED, none=True)


def model_pin(name: str, revision: object = None) -> Pin:
    """How firmly a model is known: by the commit of its weights, the day of its release, or a name."""
    fixed = isinstance(revision, str) and _COMMIT.fullmatch(revision)
    return Pin.REVISION if fixed or _DATED.search(name) else Pin.NAMED


def _known(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if item not in (None, "", [], {})}


def portable(text: str) -> str:
    """`text`; of an absolute path, which says nothing elsewhere, the last part."""
    return re.split(r"[/\\]", text.rstrip("/\\"))[-1] if _ABSOLUTE.fullmatch(text) else text


def dataset_digest(suite: Suite) -> str:
    """The identity of the examples: of their inputs and targets, whatever their order, ids and origin."""
    return digest(sorted([one.x, one.y or ""] for one in suite.examples))


def plain(value: Any) -> Any:
    """`value` as records can hold it: what is deeper than they allow becomes text."""
    return _plain(value, 0)


def _plain(value: Any, depth: int) -> Any:
    if depth > 16:
        try:
            return json.dumps(value)[:1000]
        except RecursionError:
            return "(nested too deep)"
    if isinstance(value, Mapping):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1) for item in value]
    return portable(value) if isinstance(value, str) else value


def time_text(value: object) -> str | None:
    """An ISO 8601 time, or seconds since 1970, as records have it; None for what is no time."""
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return format_time(value)
        if not isinstance(value, str):
            return None
        found = datetime.fromisoformat(value.replace("Z", "+00:00"))
        if found.tzinfo is None:
            found = found.replace(tzinfo=timezone.utc)
        return format_time(found.timestamp())
    except (ValueError, OverflowError, OSError):
        return None
