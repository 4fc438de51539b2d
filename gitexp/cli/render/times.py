"""Times and durations as people say them."""

from __future__ import annotations

import time

_AGES = (
    (365 * 86400, "y"),
    (30 * 86400, "mo"),
    (7 * 86400, "w"),
    (86400, "d"),
    (3600, "h"),
    (60, "m"),
    (1, "s"),
)


def age_text(seconds: float) -> str:
    """How long ago, in one unit: `5s`, `3m`, `2h`, `4d`, `3w`, `5mo`, `2y`."""
    for length, unit in _AGES:
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return "now"


def duration_text(seconds: float) -> str:
    """`0.34s`, `12.3s`, `2m 03s`, `1h 04m`, `3d 02h`."""
    if seconds < 60:
        return f"{seconds:.2f}s" if seconds < 10 else f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60:02}m"
    return f"{whole // 86400}d {whole % 86400 // 3600:02}h"


def moment_text(seconds: float) -> str:
    """Local time with its offset, as git shows it."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(seconds))
