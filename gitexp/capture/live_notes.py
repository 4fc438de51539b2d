"""The notes in the directory of a live run: how it started, its checkpoints, and which commit has its end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitexp.capture.durable import write_durably
from gitexp.errors import BrokenRecord, NewerFormat, NotFound
from gitexp.formats import record as record_files
from gitexp.model.names import RunName
from gitexp.model.record import Record
from gitexp.model.values import Oid
from gitexp.sharing import share

VERSION = 1
_START, _HEAD, _SEALED = "start.json", "head.json", "sealed.json"


@dataclass(frozen=True, slots=True)
class Start:
    """What was fixed when the run started; enough to write its commit without its process."""

    record: Record
    head: Oid
    """The commit that the ref was given."""
    parents: tuple[Oid, ...]
    """Parents of the commit that replaces it."""
    entries: tuple[tuple[int, str, Oid], ...]
    """The root of the code tree: mode, name (undecodable bytes escaped), object."""
    identity: tuple[str, str]
    """Name and email of the author."""
    inherited: Oid | None = None
    """The commit whose series and artifacts this run continues, when it was resumed or forked."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the run's ref points to, and what the next commit builds on."""

    commit: Oid | None
    """None where there is no such ref."""
    parents: tuple[Oid, ...]
    """Parents of the next commit: those of `commit`, which it replaces, or `commit` itself."""
    checkpoints: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """How an ended run went into git."""

    commit: Oid
    at: float
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Bytes of each file, as `Live.sizes` has them, that are in the commit; what was logged later is not."""
    own: Oid | None = None
    """The commit that has what was logged and nothing else, where `commit` is another."""


def write_start(folder: Path, start: Start) -> None:
    files = {k: v.decode() for k, v in record_files.encode(start.record).items()}
    value = {
        "record": files,
        "head": start.head,
        "parents": start.parents,
        "entries": start.entries,
        "identity": start.identity,
        "inherited": start.inherited,
    }
    _write(folder / _START, value)


def read_start(folder: Path, name: RunName) -> Start:
    """Raises NotFound, BrokenRecord or NewerFormat."""
    value = _read(folder / _START)
    with _shaped(folder / _START):
        files = {k: v.encode() for k, v in value["record"].items()}
        return Start(
            record=record_files.decode(files, name=name),
            head=value["head"],
            parents=tuple(value["parents"]),
            entries=tuple((mode, name, oid) for mode, name, oid in value["entries"]),
            identity=(value["identity"][0], value["identity"][1]),
            inherited=value["inherited"],
        )


def write_head(folder: Path, head: Head) -> None:
    value = {"commit": head.commit, "parents": head.parents, "checkpoints": head.checkpoints}
    _write(folder / _HEAD, value)


def read_head(folder: Path) -> Head | None:
    """None where there is none. Raises BrokenRecord or NewerFormat."""
    try:
        value = _read(folder / _HEAD)
    except NotFound:
        return None
    with _shaped(folder / _HEAD):
        return Head(value["commit"], tuple(value["parents"]), value["checkpoints"])


def write_sealed(folder: Path, sealed: Sealed) -> None:
    """Without a sync."""
    value = {"commit": sealed.commit, "at": sealed.at, "sizes": dict(sealed.sizes), "own": sealed.own}
    temporary = folder / f".{_SEALED}"
    temporary.write_text(json.dumps({"version": VERSION, **value}))
    share(temporary)
    temporary.replace(folder / _SEALED)


def read_sealed(folder: Path) -> Sealed | None:
    """None where there is none that can be read. Raises NewerFormat."""
    try:
        value = _read(folder / _SEALED)
        with _shaped(folder / _SEALED):
            return Sealed(value["commit"], value["at"], dict(value["sizes"]), value.get("own"))
    except NewerFormat:
        raise
    except (NotFound, BrokenRecord):
        return None


def is_sealed(folder: Path) -> bool:
    """Whether there is a note of the end, be it legible or not."""
    return (folder / _SEALED).exists()


def _write(path: Path, value: Mapping[str, Any]) -> None:
    text = json.dumps({"version": VERSION, **value}, separators=(",", ":"))
    write_durably(path, text.encode())


@contextmanager
def _shaped(path: Path) -> Iterator[None]:
    """Raises BrokenRecord where what is in the file is not what we write."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        name = path.parent.name
        raise BrokenRecord(f"{path.name} of live run {name!r} is damaged", hint="git exp recover") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"no {path.name} in {path.parent.name!r}") from None
    with _shaped(path):
        value: dict[str, Any] = json.loads(data)
        newer = value["version"] > VERSION
    if newer:
        raise NewerFormat(
            f"live run {path.parent.name!r} was started by a newer gitexp", hint="pip install -U gitexp"
        )
    return value
