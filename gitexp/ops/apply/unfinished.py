"""Changes of the working tree that a kill cut short are found by the next command, and taken back.

Before anything changes a note says which backup it is about and which line of the log makes it done. Who
finds the note and not the line goes back to where the change began.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gitexp.capture.durable import write_durably
from gitexp.capture.liveness import Lock
from gitexp.errors import (
    BrokenRecord,
    GitExpError,
    NewerFormat,
    NotFound,
    NoWorkTree,
    RefChanged,
    StorageFull,
)
from gitexp.ops import operations
from gitexp.ops.apply.backup import Backup, backup
from gitexp.ops.apply.carrying import and_more, bring_about, check, take_back
from gitexp.ops.apply.states import Change
from gitexp.ops.attention import applying
from gitexp.ops.operations import Operation
from gitexp.repo import Repository
from gitexp.sharing import make_folder

LOCK = "applying"
"""Beside the note: whoever has it is `alone`."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A change that had been cut short."""

    what: str
    left: tuple[str, ...]
    """Paths that somebody else had changed meanwhile, and that stay as they are."""
    kept: Path | None
    """Where what had been at those paths is."""


class PartlyTakenBack(RefChanged):
    """A change failed, and what somebody else had changed meanwhile stays; the backup is still of use."""


@contextmanager
def alone(repo: Repository) -> Iterator[None]:
    """Nobody else of us changes files of this working tree, and nothing of a change is left half done."""
    note = applying(repo)
    make_folder(note.parent)
    lock = Lock.take(note.with_name(LOCK), wait=True)
    try:
        _take_back(repo)
        yield
    finally:
        if lock is not None:
            lock.release()


def settle(repo: Repository) -> TakenBack | None:
    """Take back what a killed command left half done, if there is any and nobody is at work."""
    note = applying(repo)
    if repo.layout.top is None or not note.exists():
        return None
    lock = Lock.take(note.with_name(LOCK))
    if lock is None:
        return None
    with lock:
        return _take_back(repo)


def carry_out(repo: Repository, kept: Backup, changes: Sequence[Change], operation: Operation) -> None:
    """Make all `changes`, which were checked, and log `operation`; the caller is `alone`.

    Raises GitExpError, or StorageFull: then everything is as it was, but for what PartlyTakenBack tells of.
    """
    top = top_of(repo)
    note = applying(repo)
    value = {"v": 1, "operation": operation.id, "backup": kept.path.name, "kind": operation.kind.value}
    try:
        write_durably(note, json.dumps({**value, "what": operation.what}).encode())
        bring_about(top, kept, changes)
        operations.note(repo, operation)
    except BaseException as error:
        left = take_back(top, kept, changes)
        note.unlink(missing_ok=True)
        if left:
            raise PartlyTakenBack(
                f"'{left[0]}'{and_more(left, 1)} was changed meanwhile and stays, all else is as it was; "
                f"what had been there is in '{kept.path}'",
                hint="try again when nothing writes to it",
            ) from error
        if isinstance(error, OSError):
            raise StorageFull(f"cannot change the working tree: {error.strerror}; it is as it was") from None
        raise
    note.unlink()


def top_of(repo: Repository) -> Path:
    """The root of the working tree. Raises NoWorkTree."""
    if repo.layout.top is not None:
        return repo.layout.top
    if repo.layout.bare:
        raise NoWorkTree(
            "this repository is bare: it has no working tree to bring anything into",
            hint="git exp worktree RUN DIR makes one with a run as it was",
        )
    raise NoWorkTree("this is not in a working tree", hint="cd to the working tree")


def _take_back(repo: Repository) -> TakenBack | None:
    note = applying(repo)
    try:
        value = json.loads(note.read_bytes())
        operation, of, kind = value["operation"], value["backup"], operations.Kind(value["kind"])
        what, kept = str(value["what"]), backup(repo, of)
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, TypeError):
        raise BrokenRecord(f"'{note}' is damaged", hint=f"rm '{note}'") from None
    found = None
    if all(one.id != operation for one in operations.read(repo)):
        try:
            found = _went_back(top_of(repo), kept, kind, what)
        except (NotFound, BrokenRecord) as error:
            error.message = f"'{what}' was cut short, and cannot be taken back: {error.message}"
            if not isinstance(error, NewerFormat):
                # Nothing else gets out of here: git then shows what was left half done.
                error.hint = f"rm '{note}' && git status"
            raise
    note.unlink()
    if found is not None and kind is operations.Kind.CHANGE and not found.left:
        kept.remove()
    return found


def _went_back(top: Path, kept: Backup, kind: operations.Kind, what: str) -> TakenBack:
    changes = kept.read()
    if kind is operations.Kind.UNDO:
        changes = tuple(one.turned for one in changes)
    left = take_back(top, kept, changes)
    return TakenBack(what, tuple(left), kept.path if left else None)


def turn(repo: Repository, of: Operation, step: Operation, *, dry_run: bool) -> None:
    """Take back what `of` changed in this working tree, or make it again, as `step` says.

    Raises RefChanged where a file was changed since, NotFound where the backup is gone.
    """
    top, kept = top_of(repo), backup(repo, of.id)
    told = f"take back '{of.what}'"
    with alone(repo):
        try:
            changes = kept.read()
        except GitExpError as error:
            error.message = f"cannot {told}: {error.message}"
            raise
        if step.kind is operations.Kind.UNDO:
            changes = tuple(one.turned for one in changes)
        check(top, changes, told)
        if not dry_run:
            carry_out(repo, kept, changes, step)
