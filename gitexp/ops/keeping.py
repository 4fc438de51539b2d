"""Bytes of artifacts brought to where they are kept: small ones by the journal, large ones in the store."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from gitexp.artifacts.digests import Seen
from gitexp.artifacts.folders import files_below, shown
from gitexp.artifacts.store import Incoming, Mark, Stored, open_regular, unchanged
from gitexp.capture.durable import publish_durably
from gitexp.capture.live import Live
from gitexp.errors import InvalidName, NotFound, UsageError
from gitexp.formats.record_fields import artifact_path
from gitexp.model.values import Digest
from gitexp.repo import Repository

_TOGETHER = 256
"""Files that are made durable at once: waiting for the disk costs more than writing."""


@dataclass(frozen=True, slots=True)
class Brought:
    """One file that is kept, and where it shall stand among the artifacts."""

    path: str
    stored: Stored
    mark: Mark | None = None
    """By which the store knows it, where it is new there."""


def bring(
    repo: Repository, live: Live, source: Path | bytes, path: str, remark: Callable[[str], None]
) -> list[Brought]:
    """Keep bytes, a file, or the files of a folder, under `path`; durable when this returns.

    `remark` is told which files of a folder are left out and why, and which were written to meanwhile.
    Raises InvalidName, NotFound, UsageError or OSError for what is to be kept itself.
    """
    if isinstance(source, bytes):
        with _Batch(repo, live, remark) as batch:
            batch.add_bytes(artifact_path(path), source)
            return batch.published()
    if not source.is_dir():
        _check_file(source)
        with _Batch(repo, live, remark) as batch, open_regular(source) as file:
            batch.add_file(artifact_path(path), source, file)
            return batch.published()
    return _bring_folder(repo, live, source, path, remark)


def name_of(repo: Repository, source: Path) -> str:
    """What a file or folder is called that was given no name: its path from the root of the working tree.

    Outside of that, and where no artifact can have that path, it is the last part of it.
    """
    inside = repo.relative(source)
    if inside not in (None, "."):
        with suppress(InvalidName):
            return artifact_path(inside)
    return Path(os.path.normpath(source)).name


def _bring_folder(
    repo: Repository, live: Live, folder: Path, path: str, remark: Callable[[str], None]
) -> list[Brought]:
    brought: list[Brought] = []
    named = _named(folder, path, remark)
    while some := list(islice(named, _TOGETHER)):
        with _Batch(repo, live, remark) as batch:
            for name, file in some:
                batch.add_file_of_folder(name, file)
            brought += batch.published()
    if not brought:
        remark(f"folder {shown(folder)} has no file that could be kept")
    return brought


def _check_file(source: Path) -> None:
    if not source.exists():
        raise NotFound(f"no file {str(source)!r} to keep as an artifact")
    if not source.is_file():
        raise UsageError(f"{str(source)!r} is no file that could be kept", hint="keep a file or a folder")


def _named(folder: Path, path: str, remark: Callable[[str], None]) -> Iterator[tuple[str, Path]]:
    """The files of a folder that can be artifacts, and their paths as such."""
    for file in files_below(folder, remark):
        try:
            yield artifact_path(f"{path}/{file.relative_to(folder).as_posix()}"), file
        except InvalidName as error:
            remark(f"{shown(file)} is left out: {error.message.rpartition(': ')[2]}")


@dataclass
class _Batch:
    """Files that become durable together; what was not published is dropped in the end."""

    repo: Repository
    live: Live
    remark: Callable[[str], None]
    _brought: list[tuple[str, Stored]] = field(default_factory=list)
    _small: dict[Path, Path] = field(default_factory=dict)
    """Where a file shall be, and where it was written."""
    _large: list[Incoming] = field(default_factory=list)
    _seen: list[tuple[Path, Seen | None, Stored]] = field(default_factory=list)

    def __enter__(self) -> _Batch:
        return self

    def __exit__(self, *_: object) -> None:
        for temporary in self._small.values():
            temporary.unlink(missing_ok=True)
        self.repo.store.discard(self._large)

    def add_bytes(self, path: str, data: bytes) -> None:
        if len(data) >= self.repo.max_blob:
            self._add_large(path, self.repo.store.take_bytes(data))
            return
        stored = Stored(Digest(hashlib.sha256(data).hexdigest()), len(data))
        target = self.live.files / stored.oid
        if not target.exists() and target not in self._small:
            temporary = self._small[target] = target.with_name(f".{os.urandom(8).hex()}")
            temporary.write_bytes(data)
        self._brought.append((path, stored))

    def add_file_of_folder(self, path: str, file: Path) -> None:
        """As `add_file`; one that cannot be read does not cost the others."""
        try:
            source = open_regular(file)
        except OSError as error:
            self.remark(f"{shown(file)} is left out: {error.strerror or 'it is no file any more'}")
            return
        with source:
            self.add_file(path, file, source)

    def add_file(self, path: str, file: Path, source: BinaryIO) -> None:
        """Add the file that is open as `source`."""
        before, most = os.fstat(source.fileno()), self.repo.max_blob
        data = _read(source, most) if before.st_size < most else None
        if data is not None and len(data) < most:
            self.add_bytes(path, data)
            self._tell(file, steady=unchanged(before, os.fstat(source.fileno())))
            return
        known = self.repo.digests.known(file)
        incoming = self.repo.store.take_present(known) if known else None
        if incoming is None:
            seen = self.repo.digests.look(file)
            source.seek(0)
            incoming = self.repo.store.take(source)
            self._seen.append((file, seen, incoming.stored))
        self._add_large(path, incoming)
        self._tell(file, steady=incoming.steady)

    def published(self) -> list[Brought]:
        """Everything that was added, once it is durable. Raises OSError."""
        publish_durably(self._small)
        marks = self.repo.store.publish(self._large)
        for file, seen, stored in self._seen:
            self.repo.digests.remember(file, seen, stored)
        known = {one.stored.oid: mark for one, mark in zip(self._large, marks, strict=True) if mark}
        return [Brought(path, stored, known.get(stored.oid)) for path, stored in self._brought]

    def _add_large(self, path: str, incoming: Incoming) -> None:
        self._large.append(incoming)
        self._brought.append((path, incoming.stored))

    def _tell(self, file: Path, *, steady: bool) -> None:
        if not steady:
            self.remark(
                f"{shown(file)} was written to while it was read: its parts may be of different times"
            )


def _read(source: BinaryIO, most: int) -> bytes:
    """The file's bytes, at most so many."""
    data = b""
    while len(data) < most and (more := source.read(most - len(data))):
        data += more
    return data
