"""The code of a run, as git would check it out here.

But for the filters of the user's, which run on code that is trusted alone, and for that of git-lfs, whose
work we do: it would go where the code of the run leads it to.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gitexp.capture.snapshot import RECORD_FOLDER
from gitexp.capture.withheld import NEVER_CAPTURED, is_secret
from gitexp.errors import BrokenRecord, GitError, StorageFull, UsageError
from gitexp.git.filters import LFS, switched_off
from gitexp.git.objects import SYMLINK
from gitexp.git.process import Git
from gitexp.model.paths import folders_of
from gitexp.ops.apply.backup import Backup, is_plain
from gitexp.ops.apply.carrying import and_more
from gitexp.ops.apply.tracked import PRIVATE, Blob, Tracked, blobs_now, tree_files
from gitexp.ops.lfs_files import Indexed, materialise
from gitexp.ops.read import StoredRun
from gitexp.ops.staleness import is_stale
from gitexp.ops.trust import provenance
from gitexp.repo import Repository

_RECORD = os.fsdecode(RECORD_FOLDER)


@dataclass(frozen=True, slots=True)
class Code:
    """What the code part asks for."""

    files: Mapping[str, Blob]
    """The whole code of the run."""
    wanted: frozenset[str]
    """Those of them that are not as the run had them; they stand in the staging folder."""
    removed: frozenset[str]
    """Tracked here, and not of the run."""
    told: tuple[str, ...]
    """What is left alone, and why: one sentence each."""


def stage(run: StoredRun, top: Path, kept: Backup, now: Tracked) -> Code:
    """The code of the run, of which what differs is put into the staging folder by git.

    Raises UsageError for a record that stands beside other code, BrokenRecord for paths that git refuses.
    """
    repo = run.repo
    if is_stale(run):
        raise UsageError(
            f"the record at {run.commit[:10]!r} stands beside other code than that of run {run.name!r}",
            hint=f"git exp apply {run.name}",
        )
    listed = {path: blob for path, blob in tree_files(repo.git, run.commit).items() if _is_code(path)}
    files = {path: blob for path, blob in listed.items() if not blob.is_submodule}
    _check_paths(run, files)
    here = {path for path in (*now.head, *now.index) if _is_code(path)}
    submodules = {path for path in here if _is_submodule(now, path)}
    present = blobs_now(repo, top, now, {*files, *here})
    trusted = provenance(repo, run).standing.trusted
    with _checking_out(repo, kept, trusted) as git:
        git.run(*PRIVATE, "read-tree", run.commit)
        sparse = now.sparse | _sparse(repo, git)
    patterns = (*NEVER_CAPTURED, *repo.settings.never_capture)
    secret = {path for path in present if is_secret(os.fsencode(path), patterns)}
    modes = repo.config.bool("core.fileMode", True)
    wanted = {path for path, blob in files.items() if not _equal(present.get(path), blob, modes)}
    removed = set(present) - files.keys()
    leaving = secret | sparse | submodules
    moved = {
        path
        for path in submodules | (listed.keys() - files.keys())
        if not _as_here(now, path, listed.get(path))
    }
    told = [
        *_told(secret & (wanted | removed), "may hold secrets, left alone"),
        *_told(
            {path for path in sparse & wanted if not _as_here(now, path, files[path])},
            "outside the sparse checkout, left out",
        ),
        *_told(moved, "submodule, left alone"),
    ]
    wanted -= leaving
    if not trusted and wanted and _has_filters(repo):
        told.append(f"run {run.name!r} was not recorded here: no filter of yours is run on its files")
    with _checking_out(repo, kept, trusted) as git:
        _check_out(git, wanted)
        told += _bring_lfs(repo, git, {path: files[path] for path in wanted})
    return Code(files, frozenset(wanted), frozenset(removed - leaving), tuple(told))


def _is_code(path: str) -> bool:
    return path != _RECORD and not path.startswith(f"{_RECORD}/")


def _is_submodule(now: Tracked, path: str) -> bool:
    found = (*now.index.get(path, ()), *filter(None, [now.head.get(path)]))
    return any(one.is_submodule for one in found)


def _as_here(now: Tracked, path: str, blob: Blob | None) -> bool:
    return blob is not None and blob in now.index.get(path, ())


def _equal(present: Blob | None, wanted: Blob, modes: bool) -> bool:
    if present is None or present.oid != wanted.oid:
        return False
    return present.mode == wanted.mode or (not modes and present.mode & 0o170000 == wanted.mode & 0o170000)


def _check_paths(run: StoredRun, files: Collection[str]) -> None:
    for path in files:
        if not is_plain(path) or any(folder in files for folder in folders_of(path)):
            raise BrokenRecord(
                f"the code of run {run.name!r} has a path that git does not check out: {path!r}",
                hint=f"git ls-tree -r exp/{run.name}",
            )


@contextmanager
def _checking_out(repo: Repository, kept: Backup, trusted: bool) -> Iterator[Git]:
    """A git that checks out into the staging folder from an index of its own, and runs what it may."""
    inside = {
        "GIT_INDEX_FILE": str(kept.scratch / "index-run"),
        "GIT_DIR": str(repo.layout.git_dir),
        "GIT_WORK_TREE": str(kept.staged),
    }
    with switched_off(repo.git, kept.scratch, (LFS,) if trusted else None) as git:
        yield git.at(kept.staged).within(inside)


def _has_filters(repo: Repository) -> bool:
    """Whether the user has any but that of git-lfs."""
    return any(
        key.startswith("filter.") and not key.startswith(f"filter.{LFS}.") for key in repo.config.values
    )


def _sparse(repo: Repository, git: Git) -> frozenset[str]:
    """Paths of the run that a sparse checkout leaves out, by git's own judgement."""
    if not repo.config.bool("core.sparseCheckout"):
        return frozenset()
    git.run(*PRIVATE, "sparse-checkout", "reapply")
    listed = git.run("ls-files", "-z", "-t").stdout.split(b"\0")
    return frozenset(os.fsdecode(line[2:]) for line in listed if line.startswith(b"S "))


def _check_out(git: Git, paths: Iterable[str]) -> None:
    given = b"".join(os.fsencode(path) + b"\0" for path in sorted(paths))
    if given:
        try:
            git.run(*PRIVATE, "checkout-index", "--quiet", "--force", "-z", "--stdin", input=given)
        except GitError as error:
            if "unable to write file" in error.message:
                raise StorageFull(error.message) from None
            raise


def _bring_lfs(repo: Repository, git: Git, files: Mapping[str, Blob]) -> Iterator[str]:
    """Have the bytes in the place of each pointer of git-lfs's, and tell which cannot be had."""
    plain = {path: blob for path, blob in files.items() if blob.mode != SYMLINK}
    entries = [Indexed(b"%o" % blob.mode, blob.oid, os.fsencode(path)) for path, blob in plain.items()]
    for one in materialise(repo, git, entries):
        if one.error is not None:
            yield f"'{one.path}': {one.error.message}; the file is a pointer of git-lfs"


def _told(paths: Collection[str], why: str) -> list[str]:
    shown = sorted(paths)
    names = ", ".join(f"'{path}'" for path in shown[:3])
    return [f"{names}{and_more(shown, 3)}: {why}"] if shown else []
