"""What the processes of a run have reported of what they read; see `shim/_gitexp_observe.py` for the format.

Anybody may have written into the folder: what makes no sense is passed over, and there is an end to it all.
"""

from __future__ import annotations

import ast
import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitexp.model.values import Value

_MOST_FILES = 20_000
_MOST_BYTES = 64 << 20
_MOST_PATHS = 500_000
_MOST_FACTS = 10_000
_LONGEST = 4096


@dataclass(slots=True)
class Observed:
    """What was seen of all processes together."""

    reads: dict[str, float] = field(default_factory=dict)
    """Absolute path -> when it was first opened for reading, in seconds since 1970."""
    writes: dict[str, float] = field(default_factory=dict)
    """The same for writing."""
    seeds: list[tuple[str, Value]] = field(default_factory=list)
    """Each seed that was set, by the generator's name, once."""
    calls: list[dict[str, Any]] = field(default_factory=list)
    """Facts about calls of models."""
    processes: int = 0
    """Pythons that began to report."""
    killed: int = 0
    """Those that did not report their end."""
    more: bool = False
    """Whether more was seen than is here."""

    @property
    def anything(self) -> bool:
        """Whether there is something that may be an input."""
        return bool(self.reads or self.seeds or self.calls)

    def saw_read(self, path: str, at: float) -> None:
        self._saw(self.reads, path, at)

    def saw_written(self, path: str, at: float) -> None:
        self._saw(self.writes, path, at)

    def _saw(self, known: dict[str, float], path: str, at: float) -> None:
        if not path.startswith("/") or len(path) > _LONGEST:
            return
        path = os.path.normpath(path)
        if path in known or len(known) < _MOST_PATHS:
            known[path] = min(at, known.get(path, at))
        else:
            self.more = True


def read(folder: Path) -> Observed:
    """Everything that is reported in a folder; nothing where there is none."""
    found = Observed()
    left = _MOST_BYTES
    for path in _files(folder):
        data = _content(path, left)
        left -= len(data)
        _add(found, data.split(b"\0"))
        found.more = found.more or left <= 0
    return found


def _files(folder: Path) -> Iterator[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        names = sorted(entry.name for entry, _ in zip(entries, range(_MOST_FILES), strict=False))
        yield from (folder / name for name in names)


def _content(path: Path, limit: int) -> bytes:
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if stat.S_ISREG(found.st_mode):
                # Python makes room for all that is asked for, be the file as small as it may.
                return file.read(max(min(limit, found.st_size), 0))
    return b""


def _add(found: Observed, records: list[bytes]) -> None:
    began = ended = False
    for record in records:
        kind, text = record[:1], os.fsdecode(record[1:])
        began, ended = began or kind == b"b", ended or kind == b"e"
        if kind in (b"r", b"m", b"w"):
            _add_path(found, kind, text)
        elif kind == b"s":
            _add_seed(found, text)
        elif kind == b"c":
            _add_call(found, text)
        elif kind == b"o":
            found.more = True
    found.processes += began
    found.killed += began and not ended


def _add_path(found: Observed, kind: bytes, text: str) -> None:
    when, _, path = text.partition(" ")
    try:
        at = float(when)
    except ValueError:
        return
    if kind == b"w":
        found.saw_written(path, at)
    else:
        found.saw_read(path, at)


def _add_seed(found: Observed, text: str) -> None:
    name, _, told = text.partition(" ")
    if len(text) > _LONGEST or len(found.seeds) >= _MOST_FACTS:
        return
    with suppress(ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        value = ast.literal_eval(told)
        if _is_plain(value) and (name, value) not in found.seeds:
            found.seeds.append((name, value))


def _is_plain(value: object) -> bool:
    """Whether it is what a seed may be."""
    each = value if isinstance(value, list) else [value]
    return all(one is None or isinstance(one, (bool, int, float, str)) for one in each)


def _add_call(found: Observed, text: str) -> None:
    if len(text) > _MOST_FACTS or len(found.calls) >= _MOST_FACTS:
        return
    with suppress(ValueError, RecursionError):
        fact = json.loads(text)
        if isinstance(fact, dict) and isinstance(fact.get("model"), str) and fact not in found.calls:
            found.calls.append(fact)
