"""What an apply changed, kept to be undone: `.git/exp/applied/<operation>/`.

A manifest says what stood at each path before and what after, and beside it are the bytes of every file of
both, by their hashes. It is written before anything changes, and goes when gc frees it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from gitexp.artifacts.cloning import clone
from gitexp.capture.durable import sync_folder, write_durably
from gitexp.errors import BrokenRecord, NewerFormat, NotFound
from gitexp.model.values import Digest
from gitexp.ops.apply.states import Change, File, Folder, Link, State, hashed
from gitexp.repo import Repository
from gitexp.sharing import make_folder
from gitexp.syncing import sync_all

VERSION = 1
APPLIED = "applied"
_MANIFEST, _BYTES, _STAGED = "manifest.json", "bytes", "staged"
_ID = re.compile(r"[0-9a-f]{10}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Backup:
    """The folder of one apply."""

    path: Path

    @property
    def scratch(self) -> Path:
        """For what is needed until the backup is sealed."""
        return self.path / _STAGED

    @property
    def staged(self) -> Path:
        """A working tree of git's own, where it checks out what is wanted."""
        return self.scratch / "code"

    def staged_file(self, number: int) -> Path:
        """Where any other new file waits: beside that, so that no link of the run's leads there or away."""
        return self.scratch / f"file-{number}"

    def bytes_of(self, digest: Digest) -> Path:
        return self.path / _BYTES / digest

    def make(self) -> None:
        make_folder(self.staged)
        make_folder(self.path / _BYTES)

    def keep(self, full: Path) -> tuple[int, Digest]:
        """Size and hash of the file at `full`, of which a copy is kept."""
        temporary = self.path / _BYTES / "new"
        with full.open("rb") as source, temporary.open("w+b") as target:
            found = _copied(source, target)
        self._put(temporary, found[1], full.stat().st_mode)
        return found

    def adopt(self, staged: Path, digest: Digest) -> None:
        """Take a new file, whose hash is known, among the bytes."""
        self._put(staged, digest, staged.stat().st_mode)

    def _put(self, file: Path, digest: Digest, mode: int) -> None:
        # Who may not read the user's file may not read its copy.
        file.chmod(0o600 | (mode & 0o066))
        file.replace(self.bytes_of(digest))

    def copy(self, state: File, target: Path) -> None:
        """Write the bytes of `state` to the new file `target`. Raises BrokenRecord where they are damaged."""
        try:
            with self.bytes_of(state.sha256).open("rb") as source, target.open("x+b") as file:
                found = _copied(source, file)
        except FileNotFoundError:
            raise self._damaged() from None
        if found != (state.size, state.sha256):
            raise self._damaged()

    def seal(self, changes: Iterable[Change]) -> None:
        """Write down what the backup is of, durably, when all its bytes are here."""
        shutil.rmtree(self.scratch)
        kept = self.path / _BYTES
        sync_all([*kept.iterdir(), kept])
        value = {"v": VERSION, "changes": [_encoded(one) for one in changes]}
        write_durably(self.path / _MANIFEST, json.dumps(value, separators=(",", ":")).encode())
        for folder in (self.path.parent, self.path.parent.parent):
            sync_folder(folder)

    def read(self) -> tuple[Change, ...]:
        """What was changed. Raises NotFound where gc has freed the backup, NewerFormat or BrokenRecord."""
        try:
            value = json.loads((self.path / _MANIFEST).read_bytes())
        except FileNotFoundError:
            raise NotFound("its backup is gone", hint="git exp undo --list") from None
        except ValueError:
            raise self._damaged() from None
        if isinstance(value, Mapping) and isinstance(value.get("v"), int) and value["v"] > VERSION:
            raise NewerFormat("the backup was written by a later gitexp", hint="upgrade gitexp")
        try:
            return tuple(_decoded(one) for one in value["changes"])
        except (ValueError, LookupError, TypeError, AttributeError):
            raise self._damaged() from None

    def _damaged(self) -> BrokenRecord:
        return BrokenRecord(f"the backup in '{self.path}' is damaged", hint="git exp undo --list")

    def remove(self) -> None:
        # Without a manifest it is none, wherever a kill falls.
        (self.path / _MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)


def backup(repo: Repository, operation: str) -> Backup:
    """The backup of an apply, whether it is there or not. Raises BrokenRecord for what is no operation."""
    if not _ID.fullmatch(operation):
        raise BrokenRecord(f"{operation!r} is not an operation", hint="git exp undo --list")
    return Backup(repo.home / APPLIED / operation)


def all_backups(repo: Repository) -> list[Backup]:
    """Those that are there, also what a kill left of one."""
    with suppress(FileNotFoundError):
        names = sorted(os.listdir(repo.home / APPLIED))
        return [Backup(repo.home / APPLIED / name) for name in names if _ID.fullmatch(name)]
    return []


def is_plain(path: str) -> bool:
    """Whether `path` stays below the root of a working tree, and out of what is git's there."""
    parts = path.split("/")
    return "\0" not in path and not any(part in ("", ".", "..") or part.lower() == ".git" for part in parts)


def _copied(source: BinaryIO, target: BinaryIO) -> tuple[int, Digest]:
    """Size and hash of what was copied; the blocks are shared where the file system can."""
    if clone(source, target):
        target.seek(0)
        return hashed(target)
    return hashed(source, target)


def _encoded(change: Change) -> list[Any]:
    return [change.path, _encoded_state(change.before), _encoded_state(change.after)]


def _encoded_state(state: State) -> list[Any] | None:
    if isinstance(state, File):
        return ["file", state.mode, state.size, state.sha256]
    if isinstance(state, Link):
        return ["link", state.target]
    return None if state is None else ["folder", state.mode]


def _decoded(value: Any) -> Change:
    path, before, after = value
    if not isinstance(path, str) or not is_plain(path):
        raise ValueError("not a path")
    return Change(path, _decoded_state(before), _decoded_state(after))


def _decoded_state(value: Any) -> State:
    if value is None:
        return None
    kind, *rest = value
    if kind == "file":
        mode, size, digest = rest
        if not _DIGEST.fullmatch(digest) or not isinstance(size, int):
            raise ValueError("not a file")
        return File(_mode(mode), size, Digest(digest))
    if kind == "link" and isinstance(rest[0], str):
        return Link(rest[0])
    if kind == "folder":
        return Folder(_mode(rest[0]))
    raise ValueError("not a state")


def _mode(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value <= 0o7777:
        raise ValueError("not a mode")
    return value
