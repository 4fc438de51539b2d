"""The rows of a journal: checksummed lines of text, so that whatever a crash leaves can be read.

A row is the crc32 of its payload as 8 hex digits, a space, the payload and a newline. The payload is
compact ASCII JSON, `[kind, time, ...]`, with the tokens NaN and Infinity for the floats JSON lacks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from zlib import crc32

from gitexp.model.history import Step
from gitexp.model.values import Scalar

FORMAT: Final = 1
"""The version that the header row of a journal carries."""

# Cycles are for `plain` to break; not looking for them here saves a tenth of the time of `log()`.
_to_json = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_HEAD = re.compile(rb'(?=[0-9a-f]{8} \[")')
_HEAD_LENGTH = 9
_BATCH = 10_000
_MAX_CANDIDATES = 64
"""How many row starts are tried within one damaged line; each costs a checksum of the rest of it."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of a journal that hold no row."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Decoded:
    """What could be read of a journal file."""

    rows: list[list[Any]]
    """The payloads in file order: `[kind, time, ...]`."""
    good: int
    """Offset just after the last good row: bytes from here on are a torn or unfinished tail."""
    damaged: list[Damage]
    """What was skipped, the tail included, by offset."""


def encode(payload: Sequence[Any]) -> bytes:
    """`payload`, a list `[kind, time, ...]` of plain values, as a row."""
    data = _to_json(payload).encode()
    return b"%08x %b\n" % (crc32(data), data)


def encode_metrics(time: float, step: Step, values: Mapping[str, Scalar]) -> bytes:
    """The row of one `log()` call."""
    data = _to_json(("m", time, step, values)).encode()
    return b"%08x %b\n" % (crc32(data), data)


def decode(data: bytes) -> Decoded:
    """All rows of `data` that are whole, whatever stands between and after them; never raises."""
    reader = _Reader(data)
    lines = iter(data.split(b"\n"))
    while batch := list(islice(lines, _BATCH)):
        reader.read(batch)
    return reader.result()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._length = len(data)
        self._offset = 0
        self._good = 0
        self._rows: list[list[Any]] = []
        self._damaged: list[Damage] = []

    def read(self, lines: list[bytes]) -> None:
        """Reads the next lines: at once when all are whole, one by one when not."""
        after = self._offset + sum(map(len, lines)) + len(lines)
        rows = _parse_all(lines) if after <= self._length else None
        if rows is not None:
            self._rows += rows
            self._offset = self._good = after
            return
        for line in lines:
            self._read_line(line)
            self._offset += len(line) + 1

    def _read_line(self, line: bytes) -> None:
        if self._offset + len(line) >= self._length:
            # No newline follows: nothing, or a row that was not finished.
            self._skip(self._offset, len(line))
            return
        start = _find_row(line)
        if start is None:
            self._skip(self._offset, len(line) + 1)
            return
        self._skip(self._offset, start)
        self._rows.append(json.loads(line[start + _HEAD_LENGTH :]))
        self._good = self._offset + len(line) + 1

    def _skip(self, offset: int, length: int) -> None:
        if not length:
            return
        last = self._damaged[-1] if self._damaged else None
        if last is not None and last.offset + last.length == offset:
            self._damaged[-1] = Damage(last.offset, last.length + length)
        else:
            self._damaged.append(Damage(offset, length))

    def result(self) -> Decoded:
        return Decoded(self._rows, self._good, self._damaged)


def _find_row(line: bytes) -> int | None:
    """Where a whole row begins in `line`: not at 0 where the newline before it was damaged."""
    for match in islice(_HEAD.finditer(line), _MAX_CANDIDATES):
        if _parse_all([line[match.start() :]]) is not None:
            return match.start()
    return None


def _parse_all(lines: list[bytes]) -> list[list[Any]] | None:
    """The payloads of `lines`, parsed in one go; None where one of them is not a whole row."""
    payloads = [line[_HEAD_LENGTH:] for line in lines]
    if [line[:_HEAD_LENGTH] for line in lines] != [b"%08x " % crc32(payload) for payload in payloads]:
        return None
    try:
        rows = json.loads(b"[" + b",".join(payloads) + b"]")
    except (ValueError, RecursionError):
        return None
    # A checksum can be right over bytes that are no row; those must not reach the callers.
    return rows if len(rows) == len(lines) and all(map(_is_row, rows)) else None


def _is_row(row: object) -> bool:
    return type(row) is list and len(row) > 1 and type(row[0]) is str and type(row[1]) in (float, int)
