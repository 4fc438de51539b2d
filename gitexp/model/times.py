"""Times as they stand in records: RFC 3339 in UTC with milliseconds."""

from __future__ import annotations

import re
from calendar import timegm
from time import gmtime, strftime

from gitexp.errors import BrokenRecord

_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)


def format_time(seconds: float) -> str:
    """Seconds since 1970 as `2026-11-23T18:05:00.123Z`."""
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{strftime('%Y-%m-%dT%H:%M:%S', gmtime(whole))}.{thousandths:03}Z"


def parse_time(text: str) -> float:
    """Seconds since 1970. Raises BrokenRecord."""
    match = _TIME.fullmatch(text)
    if not match:
        raise BrokenRecord(f"{text!r} is not a time", hint="write 2026-11-23T18:05:00.123Z")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    whole = timegm((year, month, day, hour, minute, second, 0, 0, 0))
    return whole + float(f"0.{match[7] or 0}")
