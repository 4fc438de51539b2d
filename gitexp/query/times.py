"""Times and spans of time as people write them in a query."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {
    "ms": 0.001,
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
    **dict.fromkeys(("w", "week", "weeks"), 7 * 86400.0),
    **dict.fromkeys(("mo", "month", "months"), 30 * 86400.0),
    **dict.fromkeys(("y", "year", "years"), 365 * 86400.0),
}
_PART = r"([0-9]{1,15}(?:\.[0-9]{1,15})?|\.[0-9]{1,15})([a-z]{1,7})"
_SPAN = re.compile(rf"(?:{_PART}){{1,8}}", re.ASCII)
_PARTS = re.compile(_PART, re.ASCII)
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)(?:-(\d\d)(?:[Tt](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?([Zz]|[+-]\d\d:?\d\d)?)?)?",
    re.ASCII,
)


def span_seconds(text: str) -> float | None:
    """`90s`, `30min`, `1h30m`, `3d`, `2w`, `1mo` (30 days), `1y` (365) in seconds; None for anything else."""
    if not _SPAN.fullmatch(text):
        return None
    parts = _PARTS.findall(text)
    if any(unit not in _UNITS for _, unit in parts):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def moment_range(text: str) -> tuple[float, float] | None:
    """The time from which and up to which `2026-11`, `2026-11-01`, or RFC 3339 with `T` reaches.

    Seconds since 1970; without an offset in local time, as for git. None for what is no such time.
    """
    match = _MOMENT.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part) if part else None for part in match.groups()[:6])
    offset = _offset(match[8])
    try:
        if day is None:
            after = (year or 0) + (month == 12), (month or 0) % 12 + 1
            return _seconds(year, month, 1, offset), _seconds(*after, 1, offset)
        begin = _seconds(year, month, day, offset, hour or 0, minute or 0, second or 0)
        if hour is None:
            from datetime import date

            after_day = date.fromordinal(date(year or 0, month or 0, day).toordinal() + 1)
            return begin, _seconds(after_day.year, after_day.month, after_day.day, offset)
    except (ValueError, OverflowError, OSError):
        return None
    if second is None:
        return begin, begin + 60
    fraction = match[7]
    begin += float(f"0.{fraction or 0}")
    return begin, begin + (10.0 ** -len(fraction) if fraction else 1)


def _offset(text: str | None) -> int | None:
    """Seconds east of Greenwich; None for local time."""
    if text is None:
        return None
    if text in "Zz":
        return 0
    sign = -1 if text[0] == "-" else 1
    return sign * (int(text[1:3]) * 3600 + int(text[-2:]) * 60)


def _seconds(
    year: int | None,
    month: int | None,
    day: int,
    offset: int | None,
    hour: int = 0,
    minute: int = 0,
    second: int = 0,
) -> float:
    from datetime import datetime, timedelta, timezone

    zone = None if offset is None else timezone(timedelta(seconds=offset))
    return datetime(year or 0, month or 0, day, hour, minute, second, tzinfo=zone).timestamp()
