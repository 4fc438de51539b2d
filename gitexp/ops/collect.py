"""`git exp gc`: what removed runs left is freed, and nothing that anything else needs.

Refs go first, then what is ours alone, then objects, then the artifacts that no object names any more. What
is to go is written down before: after a kill the next gc takes it up again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from gitexp.artifacts.clearing import drop
from gitexp.capture.durable import write_durably
from gitexp.capture.live import Live, all_live
from gitexp.errors import BrokenRecord, GitError
from gitexp.git.discard import discard
from gitexp.git.refs import DROPPED, EXP, TRASH, is_ours, list_runs, name_in, ref_values
from gitexp.git.write import KeptPack, RefUpdate, unkeep, verify
from gitexp.model.values import Digest, Oid
from gitexp.ops import doomed, dropped, operations, recover
from gitexp.ops.apply.backup import Backup, all_backups
from gitexp.ops.apply.freeing import free, unneeded
from gitexp.ops.archive.held import held
from gitexp.ops.catalog import catalog, open_index
from gitexp.ops.change import change
from gitexp.ops.doomed import NOTHING, Doomed
from gitexp.ops.operations import Kind, Operation
from gitexp.ops.quiet import collecting
from gitexp.ops.tidy import STALE_SECONDS, stale_files
from gitexp.repo import Repository

KINDS = ("objects", "artifacts", "journals", "backups", "index", "reports", "temporary files")
_PENDING = "gc.json"


@dataclass(frozen=True, slots=True)
class Pending:
    """What an earlier gc began with and did not finish."""

    tips: frozenset[Oid] = frozenset()
    names: frozenset[str] = frozenset()
    artifacts: frozenset[Digest] = frozenset()


@dataclass(frozen=True, slots=True)
class Collected:
    """What gc would free, or has freed."""

    runs: tuple[str, ...]
    """Removed runs that are let go of for ever."""
    bytes: dict[str, int]
    """By kind, all of KINDS."""
    left: tuple[str, ...]
    """What could not be freed, and why: one sentence each."""


@dataclass(slots=True)
class _Plan:
    refs: tuple[RefUpdate, ...]
    pending: Pending
    found: Doomed
    folders: tuple[Live, ...]
    reports: tuple[Path, ...]
    temporary: tuple[Path, ...]
    backups: tuple[Backup, ...]
    """What undo would need to take back changes of working trees."""
    left: list[str] = field(default_factory=list)


def collect(
    repo: Repository, *, dry_run: bool = False, older_than: float | None = None, keep_trash: bool = False
) -> Collected:
    """Frees what nothing needs: of runs removed longer ago than `older_than` seconds, where that is given.

    Raises GitExpError or OSError; then a later gc goes on from there.
    """
    with collecting(repo), _naming_damage(repo):
        if not dry_run:
            recover.recover_runs(repo)
        plan = _plan(repo, older_than, keep_trash)
        names = tuple(sorted({name_in(one.ref) for one in plan.refs if one.ref.startswith(TRASH)}))
        if dry_run:
            return Collected(names, _sizes(repo, plan), tuple(plan.left))
        return Collected(names, _freed(repo, plan), tuple(plan.left))


@contextmanager
def _naming_damage(repo: Repository) -> Iterator[None]:
    """Where git cannot tell what is needed because the commit of a run is damaged, names the run."""
    try:
        yield
    except GitError as error:
        runs = list_runs(repo.git).runs
        damaged = verify(repo.git, {commit for _, commit in runs})
        for name, commit in runs:
            if commit in damaged:
                raise BrokenRecord(
                    f"what is needed cannot be told: the commit of run {name!r} is damaged ({error.message})",
                    hint=f"git exp rm {name}",
                ) from error
        raise


def _plan(repo: Repository, older_than: float | None, keep_trash: bool) -> _Plan:
    values = {ref: oid for ref, oid in ref_values(repo.git, [EXP, TRASH, DROPPED]).items() if is_ours(ref)}
    aside = {ref: oid for ref, oid in values.items() if not ref.startswith(EXP)}
    going = {} if keep_trash else dict(_old_enough(repo, aside, older_than))
    staying = {*(name_in(ref) for ref in values if ref not in going), *held(repo)}
    before = _read_pending(repo)
    pending = Pending(
        before.tips | set(going.values()),
        frozenset(name for name in (*before.names, *map(name_in, going)) if name not in staying),
        before.artifacts.union(*dropped.noted(repo).values()),
    )
    backups, left = unneeded(repo, () if keep_trash else list(_old_backups(repo, older_than)))
    plan = _Plan(
        refs=tuple(RefUpdate(ref, None, oid) for ref, oid in going.items()),
        pending=pending,
        found=NOTHING,
        folders=tuple(_folders(repo, pending.names)),
        reports=tuple((repo.home / "reports").glob("*.log")),
        temporary=tuple(stale_files(repo)),
        backups=tuple(backups),
        left=left,
    )
    if pending.tips or pending.artifacts:
        reason = doomed.hindrance(repo)
        if reason:
            plan.left.append(f"objects and artifacts are left to git: {reason}")
        else:
            plan.found = doomed.find(repo, pending.tips, list(going), pending.names, pending.artifacts)
    if plan.found.artifacts and _anything_live(repo):
        plan.left.append("artifacts stay while a run is live")
    return plan


def _freed(repo: Repository, plan: _Plan) -> dict[str, int]:
    before = _used(repo)
    found, artifacts = plan.found, plan.pending.artifacts | plan.found.artifacts
    if plan.refs or plan.pending.tips:
        _write_pending(repo, Pending(plan.pending.tips, plan.pending.names, artifacts))
    if plan.refs:
        change(repo, plan.refs, Operation("gc", plan.refs, kind=Kind.GC))
    for live in plan.folders:
        for name in live.kept:
            unkeep(repo.layout, KeptPack(name))
        live.remove()
    for path in (*plan.reports, *plan.temporary):
        path.unlink(missing_ok=True)
    plan.left += free(repo, plan.backups)
    _compact_index(repo)
    whole = not found.objects or _discard(repo, found, plan.pending.names)
    if not whole:
        plan.left.append("objects stay for now: something came to need them meanwhile")
    if not _anything_live(repo):
        artifacts = frozenset()
        doomed.wait_for_index(repo)
        # A run that was live when they were looked for may have ended since, and point to them.
        drop(repo.store, doomed.unpointed(repo, found.artifacts))
        dropped.forget_freed(repo)
    _write_pending(repo, Pending(artifacts=artifacts) if whole else plan.pending)
    after = _used(repo)
    return {kind: max(0, before[kind] - after[kind]) for kind in KINDS}


def _discard(repo: Repository, found: Doomed, names: Collection[str]) -> bool:
    def still() -> bool:
        doomed.wait_for_index(repo)
        return doomed.needs(repo, (), names).isdisjoint(found.objects)

    return discard(repo.git, repo.layout, found.objects, found.packs, found.began, still)


def _old_enough(
    repo: Repository, aside: dict[str, Oid], older_than: float | None
) -> Iterator[tuple[str, Oid]]:
    """The refs of removed runs that were removed so long ago; of one that nobody knows of, not."""
    since = {
        one.ref: step.at for step in operations.read(repo) for one in step.changes if one.new is not None
    }
    now = time.time()
    for ref, oid in aside.items():
        if older_than is None or now - since.get(ref, now) >= max(older_than, 0.001):
            yield ref, oid


def _old_backups(repo: Repository, older_than: float | None) -> Iterator[Backup]:
    """Those of changes made so long ago; of one that nobody knows of, when nobody can be at work on it."""
    made = {step.id: step.at for step in operations.read(repo)}
    now = time.time()
    for one in all_backups(repo):
        if one.path.name in made:
            old = older_than is None or now - made[one.path.name] >= max(older_than, 0.001)
        else:
            old = now - one.path.stat().st_mtime > STALE_SECONDS
        if old:
            yield one


def _folders(repo: Repository, names: Collection[str]) -> Iterator[Live]:
    """Done directories that nothing is left to be healed from: of removed runs, and of verified ones."""
    busy = (repo.layout.common_dir / "gc.pid").exists()
    yield from (live for live in all_live(repo.live_root) if live.name in names and not live.working())
    for live in all_live(repo.done_root):
        old = recover.age(live) > recover.MIN_KEPT_SECONDS and not busy
        if (live.name in names or old) and not live.working():
            yield live


def _anything_live(repo: Repository) -> bool:
    return any(live.read_sealed() is None or live.working() for live in all_live(repo.live_root))


def _compact_index(repo: Repository) -> None:
    index = open_index(repo)
    if not index.path.exists():
        return
    catalog(repo)  # lets go of the rows of runs that are gone
    if index.slack():
        index.compact()


def _sizes(repo: Repository, plan: _Plan) -> dict[str, int]:
    """What the plan would free."""
    artifacts = [] if _anything_live(repo) else [repo.store.path(oid) for oid in plan.found.artifacts]
    return {
        "objects": sum(plan.found.objects.values()),
        "artifacts": _sum(artifacts),
        "journals": sum(_tree_size(live.path) for live in plan.folders),
        "backups": sum(_tree_size(one.path) for one in plan.backups),
        "index": open_index(repo).slack(),
        "reports": _sum(plan.reports),
        "temporary files": _sum(plan.temporary),
    }


def _used(repo: Repository) -> dict[str, int]:
    """Bytes on disk now."""
    return {
        "objects": _tree_size(repo.layout.common_dir / "objects", linked=True),
        "artifacts": _tree_size(repo.store.root),
        "journals": _tree_size(repo.done_root),
        "backups": sum(_tree_size(one.path) for one in all_backups(repo)),
        "index": _sum([open_index(repo).path]),
        "reports": _tree_size(repo.home / "reports"),
        "temporary files": _sum(stale_files(repo)),
    }


def _tree_size(root: Path, *, linked: bool = False) -> int:
    """Bytes below a folder; the files that it shares with another count only where they are `linked`."""
    total = 0
    for path in root.rglob("*"):
        with suppress(FileNotFoundError):
            stat = path.lstat()
            if path.is_file() and (linked or stat.st_nlink == 1):
                total += stat.st_size
    return total


def _sum(paths: Iterable[Path]) -> int:
    total = 0
    for path in paths:
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def _read_pending(repo: Repository) -> Pending:
    try:
        value = json.loads((repo.home / _PENDING).read_bytes())
        return Pending(*(frozenset(value[key]) for key in ("tips", "names", "artifacts")))
    except (FileNotFoundError, ValueError, LookupError, TypeError):
        return Pending()


def _write_pending(repo: Repository, pending: Pending) -> None:
    path = repo.home / _PENDING
    if pending == Pending():
        path.unlink(missing_ok=True)
        return
    value = {
        "tips": sorted(pending.tips),
        "names": sorted(pending.names),
        "artifacts": sorted(pending.artifacts),
    }
    write_durably(path, json.dumps(value).encode())
