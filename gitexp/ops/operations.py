"""The log of what our commands changed, from which `git exp undo` works: `.git/exp/operations.jsonl`.

One line of JSON for each operation, appended by one write after its refs were changed. A line that a crash
tore or that is damaged is left out; the refs themselves never depend on the log.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from gitexp.capture.durable import write_durably
from gitexp.capture.liveness import Lock
from gitexp.errors import GitExpError
from gitexp.git.refs import TRASH, is_ours, name_in
from gitexp.git.write import RefUpdate
from gitexp.model.values import Oid
from gitexp.repo import Repository
from gitexp.sharing import make_folder, share

VERSION = 1
RECORDING = "record "
"""What a run that was recorded here is told with, and its name."""
REGRADING, ATTACHING = "regrade ", "attach "
"""What results that were put on top of a run are told with: what it would execute stays as it was."""
VERDICT = "verdict "
"""What the verdict on a run is told with that `git exp repro` has recorded just before."""
WITH_FILES = 2
"""The version of a line that tells of a change of files, which version 1 does not know."""
FILE, _LOCK, _MARK = "operations.jsonl", "logging", "tree"
MAX_SIZE = 8 << 20
"""Bytes from which on the older half of the log is forgotten."""
_HEX = frozenset("0123456789abcdef")


class Kind(str, Enum):
    CHANGE = "change"
    UNDO = "undo"
    REDO = "redo"
    GC = "gc"
    """Cannot be undone."""
    CAPTURE = "capture"
    """Made by a hook: what a person takes back is the last thing that they did themselves."""


class Relabelling(NamedTuple):
    """New labels of a live run, which are in its journal and not in a commit yet."""

    name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One change of ours, as it was made."""

    what: str
    """In a few words: `tag +a`, `rm`, `record brave-otter-3f2ak7`."""
    changes: tuple[RefUpdate, ...] = ()
    labels: tuple[Relabelling, ...] = ()
    kind: Kind = Kind.CHANGE
    of: str | None = None
    """The operation that this one takes back or makes again."""
    at: float = 0.0
    """Seconds since 1970."""
    tree: str | None = None
    """The working tree (`tree_name`) whose files were changed, where some were."""
    id: str = field(default_factory=lambda: os.urandom(5).hex())


def log(repo: Repository, operation: Operation, *, durable: bool = True) -> None:
    """Note down what was done. Never raises: a change that was made is not taken back for want of a note.

    Where it cannot be noted down, `repo.lasting` says so.
    """
    try:
        note(repo, operation, durable=durable)
    except OSError as error:
        repo.lasting = GitExpError(
            f"'{operation.what}' was done, but 'git exp undo' does not know of it: {error.strerror}",
            hint=_way_back(operation),
        )


def _way_back(operation: Operation) -> str:
    """What takes a change back without the log."""
    trashed = [name_in(one.ref) for one in operation.changes if one.ref.startswith(TRASH) and one.new]
    if trashed:
        return f"git exp restore {' '.join(trashed)}"
    if operation.what.startswith(RECORDING):
        return f"git exp rm {operation.what.removeprefix(RECORDING)}"
    return "git exp undo would take back what was done before it: git exp undo -n"


def note(repo: Repository, operation: Operation, *, durable: bool = True) -> None:
    """As `log`, for what is only done once it is noted down. Raises OSError."""
    make_folder(repo.home)
    # On a file system without locks the line is written all the same.
    with Lock.take(repo.home / _LOCK, wait=True) or nullcontext():
        _append(repo.home / FILE, _encode(operation), durable)


def tree_name(repo: Repository) -> str:
    """What the log calls this working tree: `.`, or the name that git has for a linked one, with its mark."""
    git_dir = repo.layout.git_dir
    if not _is_linked(git_dir):
        return "."
    with suppress(FileNotFoundError):
        return f"{git_dir.name}:{(git_dir / 'exp' / _MARK).read_text('ascii', 'replace')}"
    return git_dir.name


def mark_tree(repo: Repository) -> str:
    """The name of this working tree, from now on one that no later tree in its place has. Raises OSError."""
    mark = repo.layout.git_dir / "exp" / _MARK
    if _is_linked(repo.layout.git_dir) and not mark.exists():
        write_durably(mark, os.urandom(5).hex().encode())
    return tree_name(repo)


def _is_linked(git_dir: Path) -> bool:
    return (git_dir / "commondir").exists()


def read(repo: Repository) -> list[Operation]:
    """Everything that is known, oldest first."""
    try:
        data = (repo.home / FILE).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return []
    return list(_decoded(data))


def _append(path: Path, line: bytes, durable: bool) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    share(path, descriptor)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        if os.write(descriptor, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if size + len(line) > MAX_SIZE:
        _rotate(path)


def _rotate(path: Path) -> None:
    """Keep the newer half, and the last operation however long it is."""
    lines = path.read_bytes().splitlines(keepends=True)
    kept: list[bytes] = []
    size = 0
    for line in reversed(lines):
        size += len(line)
        if kept and size > MAX_SIZE // 2:
            break
        kept.append(line)
    write_durably(path, b"".join(reversed(kept)))


def _encode(operation: Operation) -> bytes:
    value = {
        "v": VERSION if operation.tree is None else WITH_FILES,
        "id": operation.id,
        "at": operation.at or round(time.time(), 3),
        "kind": operation.kind.value,
        "what": operation.what,
        "of": operation.of,
        "changes": [[one.ref, one.old, one.new] for one in operation.changes],
        "labels": [[one.name, one.before, one.after] for one in operation.labels],
        "tree": operation.tree,
    }
    return json.dumps({k: v for k, v in value.items() if v}, separators=(",", ":")).encode() + b"\n"


def _decoded(data: bytes) -> Iterator[Operation]:
    for line in data.split(b"\n"):
        with suppress(ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
            yield _decode(json.loads(line))


def _decode(value: Mapping[str, Any]) -> Operation:
    """Raises ValueError, or what a wrong shape raises."""
    if value["v"] not in (VERSION, WITH_FILES):
        raise ValueError("written by another gitexp")
    return Operation(
        what=_text(value["what"]),
        changes=tuple(_changes(value.get("changes", ()))),
        labels=tuple(Relabelling(*_relabelling(one)) for one in value.get("labels", ())),
        kind=Kind(value["kind"]),
        of=_text(value["of"]) if "of" in value else None,
        at=float(value["at"]),
        id=_text(value["id"]),
        tree=_text(value["tree"]) if "tree" in value else None,
    )


def _changes(values: Iterable[Any]) -> Iterator[RefUpdate]:
    for ref, old, new in values:
        if not is_ours(ref) or not all(one is None or _HEX.issuperset(one) for one in (old, new)):
            raise ValueError("not a change of ours")
        yield RefUpdate(ref, None if new is None else Oid(new), None if old is None else Oid(old))


def _relabelling(value: Any) -> tuple[str, Mapping[str, Any], Mapping[str, Any]]:
    name, before, after = value
    for labels in (before, after):
        if not {"title", "group", "note", "star", "tags"} <= labels.keys():
            raise ValueError("labels are missing")
    return name, before, after


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value
