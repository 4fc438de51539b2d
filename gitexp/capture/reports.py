"""What the processes of a run have reported of what they read; see `shim/_gitexp_reports.py` for the format.

Anybody may have written into the folder: what makes no sense is passed over, and there is an end to it all.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from gitexp.formats.depth import is_deeper
from gitexp.model.values import Value

_MOST_FILES = 20_000
_MOST_BYTES = 64 << 20
_MOST_PATHS = 500_000
_MOST_FACTS = 10_000
_LONGEST = 4096
_MOST_NAME = 500
_DEEPEST = 20
_RECORD = re.compile(rb"[^\0]+")
_HASH = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


class Opened(NamedTuple):
    """One time that a file was opened, in seconds since 1970."""

    at: float
    modified: float
    """When it had last been written to before; 0 where that is not known."""


@dataclass(slots=True)
class Observed:
    """What was seen of all processes together."""

    reads: dict[str, Opened] = field(default_factory=dict)
    """Absolute path -> the first time that it was opened for reading."""
    writes: dict[str, Opened] = field(default_factory=dict)
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

    def saw_read(self, path: str, opened: Opened) -> None:
        self._saw(self.reads, path, opened)

    def saw_written(self, path: str, opened: Opened) -> None:
        self._saw(self.writes, path, opened)

    def _saw(self, known: dict[str, Opened], path: str, opened: Opened) -> None:
        if not path.startswith("/") or len(path) > _LONGEST:
            return
        path = os.path.normpath(path)
        if path in known or len(known) < _MOST_PATHS:
            known[path] = min(opened, known.get(path, opened))
        else:
            self.more = True


def read(folder: Path) -> Observed:
    """Everything that is reported in a folder; nothing where there is none."""
    found = Observed()
    left = _MOST_BYTES
    for path in _files(folder):
        data = _content(path, left)
        left -= len(data)
        _add(found, (record[0] for record in _RECORD.finditer(data)))
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


def _add(found: Observed, records: Iterable[bytes]) -> None:
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
    try:
        at, modified, path = text.split(" ", 2)
        opened = Opened(float(at), float(modified))
    except ValueError:
        return
    if kind == b"w":
        found.saw_written(path, opened)
    else:
        found.saw_read(path, opened)


def _add_seed(found: Observed, text: str) -> None:
    name, _, told = text.partition(" ")
    if len(text) > _LONGEST or len(found.seeds) >= _MOST_FACTS:
        return
    import ast  # few runs are told of a seed

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
        if isinstance(fact, dict) and _is_call(fact) and fact not in found.calls:
            found.calls.append(fact)


def _is_call(fact: Mapping[str, Any]) -> bool:
    """Whether it is what is told of a call: of which model, and facts of the shape that each has."""
    names = [fact.get("model"), fact.get("provider", "unknown"), fact.get("more", "nothing")]
    hashes = [fact[key] for key in ("tools", "prompt") if key in fact]
    seen = fact.get("seen", {})
    return (
        all(map(_is_name, names))
        and all(isinstance(one, str) and _HASH.fullmatch(one) for one in hashes)
        and isinstance(seen, dict)
        and all(map(_is_name, filter(None, seen.values())))
        and _is_plain(fact.get("seed"))
        and isinstance(settings := fact.get("settings", {}), dict)
        and not is_deeper(settings, _DEEPEST)
    )


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MOST_NAME and value.isprintable()
