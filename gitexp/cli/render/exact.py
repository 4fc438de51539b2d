"""Values as programs read them: every digit, and times as they are recorded."""

from __future__ import annotations

import json
from typing import Any

from gitexp.model.missing import MISSING
from gitexp.model.times import format_time

_TIMES = ("started", "ended")


def exact(space: str, key: str, value: Any) -> str:
    """The text of a value; empty for what is missing.

    Numbers as Python repeats them, `nan`, `inf`, `-inf`, `true`, `false`, `null`; lists and mappings as JSON,
    tags and parents joined by commas; times as RFC 3339 in UTC, spans in seconds.
    """
    if value is MISSING:
        return ""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if space == "run":
        if key in _TIMES:
            return format_time(value)
        if isinstance(value, (list, tuple)):
            return ",".join(map(str, value))
    return repr(value) if isinstance(value, (int, float)) else json.dumps(value, ensure_ascii=False)
