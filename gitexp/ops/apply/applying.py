"""`git exp apply`: what a run had, brought into the working tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gitexp.errors import StorageFull
from gitexp.model.roles import UNTRACKED
from gitexp.ops.apply import code as code_part
from gitexp.ops.apply.backup import Backup, backup, is_plain
from gitexp.ops.apply.carrying import being_changed, check
from gitexp.ops.apply.losing import check_loss
from gitexp.ops.apply.placing import changes_for, check_case
from gitexp.ops.apply.plan import Plan
from gitexp.ops.apply.states import Change, File, Folder, look
from gitexp.ops.apply.tracked import Blob, tracked
from gitexp.ops.apply.unfinished import PartlyTakenBack, alone, carry_out, top_of
from gitexp.ops.artifacts import Artifacts
from gitexp.ops.attention import applying
from gitexp.ops.operations import Operation, mark_tree
from gitexp.ops.read import StoredRun


@dataclass(frozen=True, slots=True)
class Parts:
    """What of a run is wanted."""

    code: bool = False
    params: bool = False
    artifacts: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done, or would be."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    told: tuple[str, ...]
    """What is left alone, or is not to be had: one sentence each."""
    operation: str | None
    """What undo takes back; None where nothing had to be changed."""


def apply(run: StoredRun, parts: Parts, *, dry_run: bool = False) -> Applied:
    """Bring the wanted parts of a run into the working tree, all or nothing.

    Raises NoWorkTree, UsageError where something is in the way or would be lost, NotFound or BrokenRecord for
    what cannot be had, RefChanged where a file changes meanwhile, StorageFull: then nothing was changed.
    """
    repo = run.repo
    top_of(repo)
    with alone(repo):
        operation = Operation(_told(run, parts), tree=mark_tree(repo))
        kept = backup(repo, operation.id)
        try:
            done = _apply(run, parts, kept, operation, dry_run)
        except BaseException as error:
            # Where not all could be taken back, the backup is what is needed.
            if not isinstance(error, PartlyTakenBack) and not applying(repo).exists():
                kept.remove()
            if isinstance(error, OSError):
                raise StorageFull(f"cannot write: {error.strerror}; nothing was changed") from None
            raise
        if done.operation is None:
            kept.remove()
    return done


def _apply(run: StoredRun, parts: Parts, kept: Backup, operation: Operation, dry_run: bool) -> Applied:
    repo, top = run.repo, top_of(run.repo)
    kept.make()
    now = tracked(repo, kept.scratch)
    plan, code = Plan(top, kept), dict[str, Blob]()
    if parts.code:
        staged = code_part.stage(run, top, kept, now)
        plan.files |= {path: kept.staged / path for path in staged.wanted}
        plan.files |= dict.fromkeys(staged.removed)
        plan.told += [*staged.told, *_inputs(run, top)]
        code = {path: staged.files[path] for path in staged.wanted}
    if parts.params:
        _plan_params(run, plan)
    if parts.artifacts:
        _plan_artifacts(run, plan)
    changes = changes_for(top, plan.afters(), repo.layout.prefix.rstrip("/"))
    if repo.config.bool("core.ignoreCase"):
        check_case({*now.head, *now.index, *(one.path for one in changes)})
    check_loss(repo, top, now, changes, code)
    if changes and not dry_run:
        _keep(top, kept, changes)
        check(top, changes, operation.what)
        carry_out(repo, kept, changes, operation)
    files = [one for one in changes if not isinstance(one.after or one.before, Folder)]
    return Applied(
        written=tuple(one.path for one in files if one.after is not None),
        removed=tuple(one.path for one in files if one.after is None),
        told=tuple(plan.told),
        operation=operation.id if changes and not dry_run else None,
    )


def _plan_params(run: StoredRun, plan: Plan) -> None:
    from gitexp.ops.apply.params import edited

    files, told = edited(run, plan.read)
    for path, data in files.items():
        plan.write(path, lambda file, data=data: file.write(data))  # type: ignore[misc]
    plan.told += told


def _plan_artifacts(run: StoredRun, plan: Plan) -> None:
    """An artifact is called by where it was in the working tree, and goes there."""
    artifacts = Artifacts(run)
    wanted = [one for one in artifacts.all if not _has(plan, one.path, one.oid)]
    artifacts.bring(wanted)
    for one in wanted:
        plan.write(one.path, lambda file, one=one: artifacts.copy(one, file))  # type: ignore[misc]
    if not artifacts.all:
        plan.told.append("the run has no artifacts")


def _has(plan: Plan, path: str, oid: str) -> bool:
    if path in plan.files:
        return False
    now = look(plan.top, path)
    return isinstance(now, File) and now.sha256 == oid


def _inputs(run: StoredRun, top: Path) -> Iterator[str]:
    """The files that the run used and that were too large for git, where they are not here as they were."""
    for one in run.whole.inputs:
        if one.role == UNTRACKED and one.path and is_plain(one.path):
            now = look(top, one.path)
            if not isinstance(now, File):
                yield f"'{one.path}': the run used it, it is not here, and too large for git"
            elif now.sha256 != one.oid:
                yield f"'{one.path}': the run used it with other content, which was too large for git"


def _keep(top: Path, kept: Backup, changes: list[Change]) -> None:
    """The bytes of everything that goes, in the backup. Raises RefChanged where they change meanwhile."""
    for one in changes:
        if isinstance(one.before, File):
            size, digest = kept.keep(top / one.path)
            if replace(one.before, size=size, sha256=digest) != one.before:
                raise being_changed(one.path)
    kept.seal(changes)


def _told(run: StoredRun, parts: Parts) -> str:
    flags = [f" --{name}" for name in ("code", "params", "artifacts") if getattr(parts, name)]
    return f"apply {run.name}" + ("" if flags == [" --code"] else "".join(flags))
