"""What a log tells of its own making, as the inputs and times of a run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from gitexp.formats.canonical_json import digest
from gitexp.model.evaluation import Suite
from gitexp.model.record import How, Input
from gitexp.model.times import format_time

_MAX_NAME = 200
_ABSOLUTE = re.compile(r"(file://)?(/[^/\s]+){2,}/?|[A-Za-z]:[\\/]\S+|\\\\\S+")


def input_of(role: str, name: str, value: Mapping[str, Any], data: Suite | None = None) -> Input:
    """An input by the word of a log, which nobody checked; `data` is the suite whose examples it is."""
    told = {key: item for key, item in value.items() if item not in (None, "", [], {})}
    if data is not None:
        told |= {"examples": len(data.examples), "digest": f"sha256:{dataset_digest(data)}"}
    named = portable(" ".join(name.split()))[:_MAX_NAME]
    return Input(role, named or role, value=plain(told), how=How.ASSUMED)


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
        return json.dumps(value)[:1000]
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
