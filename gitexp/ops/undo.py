"""Taking back the last change of any of our commands, and making it again.

A change is taken back by the inverse transaction, where all its refs still are as it left them; what then
no ref of a run points to goes to the trash, or stays as a dropped commit, until gc. What was changed in a
working tree is taken back there, from its backup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gitexp.errors import GitExpError, NotFound, RefChanged, UsageError
from gitexp.git.refs import (
    ARCHIVE,
    BASELINE,
    DROPPED,
    EXP,
    TRASH,
    dropped_ref,
    name_in,
    ref_values,
    trash_ref,
)
from gitexp.git.write import RefUpdate, verify
from gitexp.model.labels import edit_between, labels_of
from gitexp.model.names import parse_name
from gitexp.model.values import Oid
from gitexp.ops import operations
from gitexp.ops.annotate import annotate
from gitexp.ops.apply.unfinished import turn
from gitexp.ops.archive import held as archives
from gitexp.ops.change import change
from gitexp.ops.choose import Chosen
from gitexp.ops.live_labels import current
from gitexp.ops.operations import Kind, Operation, Relabelling
from gitexp.ops.remove import check_ended
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Step:
    """An operation of the log, and whether it stands."""

    operation: Operation
    undone: bool


def history(repo: Repository) -> list[Step]:
    """Every change and gc that is known, newest first; not what hooks made."""
    undone: dict[str, bool] = {}
    found = _own(repo)
    for one in found:
        if one.of is not None:
            undone[one.of] = one.kind is Kind.UNDO
    changes = [one for one in found if one.of is None]
    return [Step(one, undone.get(one.id, False)) for one in reversed(changes)]


def undo(repo: Repository, *, dry_run: bool = False) -> Operation:
    """The last change that stands, taken back.

    Raises NotFound where there is none, UsageError where it cannot be taken back, RefChanged where what it
    changed was changed again since. Then nothing was done.
    """
    here = operations.tree_name(repo)
    standing = (step.operation for step in history(repo) if not step.undone)
    last = next((one for one in standing if one.tree in (None, here)), None)
    if last is None:
        raise NotFound("nothing to undo", hint="git exp undo --list")
    if last.kind is Kind.GC:
        raise UsageError(
            "the last change was 'git exp gc', which cannot be undone", hint="git exp undo --list"
        )
    updates = list(_inverse(last.changes))
    kept = list(_keeping(repo, last.changes, updates))
    for name in {name_in(one.ref) for one in updates if one.new is None and one.ref.startswith(EXP)}:
        check_ended(repo, name)
    labels = tuple(Relabelling(one.name, one.after, one.before) for one in last.labels)
    step = Operation(last.what, (*updates, *kept), labels, Kind.UNDO, last.id, tree=last.tree)
    _make(repo, last, step, dry_run)
    return last


def redo(repo: Repository, *, dry_run: bool = False) -> Operation:
    """The change that was taken back last, made again, unless there was a new one since. Raises as `undo`."""
    standing = {step.operation.id: step.operation for step in history(repo) if step.undone}
    here = operations.tree_name(repo)
    found = [one for one in _own(repo) if one.tree in (None, here)]
    newest = max((index for index, one in enumerate(found) if one.of is None), default=0)
    taken = [one for one in found[newest:] if one.kind is Kind.UNDO and one.of in standing]
    if not taken:
        raise NotFound("nothing to redo", hint="git exp undo --list")
    last = taken[-1]
    original = standing[str(last.of)]
    updates = tuple(_inverse(last.changes))
    step = Operation(last.what, updates, original.labels, Kind.REDO, last.of, tree=last.tree)
    _make(repo, original, step, dry_run)
    return original


def _own(repo: Repository) -> list[Operation]:
    """What a person has done, oldest first; the verdict on a run that was just recorded is part of that."""
    found = [one for one in operations.read(repo) if one.kind is not Kind.CAPTURE]
    recorded = {(one.ref, one.new): of for of, one in _told(found, operations.RECORDING)}
    judged = {of.id: recorded.get((one.ref, one.old)) for of, one in _told(found, operations.VERDICT)}
    parts = {one.id for one in judged.values() if one is not None}
    return [_with(one, judged.get(one.id)) for one in found if one.id not in parts]


def _told(found: Iterable[Operation], what: str) -> Iterator[tuple[Operation, RefUpdate]]:
    """The operations of that kind, each with its one change."""
    for one in found:
        if one.kind is Kind.CHANGE and one.what.startswith(what) and len(one.changes) == 1:
            yield one, one.changes[0]


def _with(one: Operation, first: Operation | None) -> Operation:
    """Both as one change."""
    if first is None:
        return one
    whole = one.changes[0]._replace(old=first.changes[0].old)
    return replace(one, what=first.what, changes=(whole,))


def _make(repo: Repository, of: Operation, step: Operation, dry_run: bool) -> None:
    if of.tree is not None:
        turn(repo, of, step, dry_run=dry_run)
        return
    step = replace(step, changes=tuple(_checked(repo, of, step.changes)))
    for one in step.labels:
        _check_labels(repo, of, one)
    if dry_run:
        return
    if step.changes:
        change(repo, step.changes)
    for one in step.labels:
        _relabel(repo, one)
    operations.log(repo, step)


def _inverse(changes: Iterable[RefUpdate]) -> Iterator[RefUpdate]:
    return (RefUpdate(one.ref, one.old, one.new) for one in changes)


def _keeping(
    repo: Repository, changes: Sequence[RefUpdate], inverse: Sequence[RefUpdate]
) -> Iterator[RefUpdate]:
    """Refs for what only the change's own refs pointed to: a recorded run goes to the trash.

    So does none that an archive holds: what its ref was made for is an edit of it.
    """
    held = {one.new for one in inverse}
    archived = archives.held(repo) if any(one.old is None for one in changes) else {}
    for one in changes:
        if one.new is None or one.new in held or not one.ref.startswith(EXP):
            continue
        name = name_in(one.ref)
        whole = one.old is None and name not in archived
        if one.new != archived.get(name):
            yield RefUpdate(trash_ref(name) if whole else dropped_ref(name, one.new), one.new, None)


def _checked(repo: Repository, of: Operation, updates: Sequence[RefUpdate]) -> Iterator[RefUpdate]:
    """What is left to be done of `updates`.

    Raises where a ref is not as it was left, or what it would point to is no more.
    """
    now = ref_values(repo.git, [EXP, TRASH, DROPPED, ARCHIVE, BASELINE])
    for one in updates:
        value = now.get(one.ref)
        if value == one.old:
            yield one
        if value == one.old or (one.old is None and value == one.new):
            continue
        if one.ref.startswith(ARCHIVE):
            raise RefChanged(
                f"cannot take back '{of.what}': its archive was changed since",
                hint="git exp undo --list",
            )
        if one.ref.startswith(BASELINE):
            name = one.ref.removeprefix(BASELINE)
            raise RefChanged(
                f"cannot take back '{of.what}': baseline '{name}' was moved since",
                hint="git exp baseline list",
            )
        name = name_in(one.ref)
        if value is None:
            raise RefChanged(f"cannot take back '{of.what}': run {name!r} is gone since", hint=_way(one.ref))
        if one.ref.startswith(TRASH):
            raise RefChanged(
                f"cannot take back '{of.what}': the trash has another {name!r}", hint="git exp gc -n"
            )
        raise RefChanged(
            f"cannot take back '{of.what}': run {name!r} was changed since", hint=f"git log exp/{name}"
        )
    if lost := verify(repo.git, {one.new for one in updates if one.new is not None}):
        raise NotFound(
            f"cannot take back '{of.what}': commit '{min(lost)[:10]}' is gone", hint="git exp undo --list"
        )


def _way(ref: str) -> str:
    return "git exp undo --list" if ref.startswith(TRASH) else "git exp restore --list"


def _check_labels(repo: Repository, of: Operation, one: Relabelling) -> None:
    now = _labels(repo, one.name)
    fields = [key for key in one.before if one.before[key] != one.after[key]]
    if now is None or any(now[key] != one.before[key] for key in fields):
        raise RefChanged(
            f"cannot take back '{of.what}': run {one.name!r} was changed since",
            hint=f"git exp show {one.name}",
        )


def _labels(repo: Repository, name: str) -> Mapping[str, Any] | None:
    """The labels that a run has now, live or not."""
    from gitexp.ops.resolve import resolve

    live = repo.live(parse_name(name))
    try:
        if live.path.is_dir() and live.read_sealed() is None:
            return labels_of(current(live))
        return labels_of(resolve(repo, name).record.info)
    except GitExpError:
        return None


def _relabel(repo: Repository, one: Relabelling) -> None:
    """Labels that were set while the run was live, changed in its journal or, where it has ended, on top."""
    name, edit = parse_name(one.name), edit_between(one.before, one.after)
    for found in annotate(repo, [Chosen(name, Oid(""))], edit, logged=False):
        if found.error is not None:
            raise found.error
