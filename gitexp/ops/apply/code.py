"""The code of a run, as git would check it out here."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gitexp.capture.snapshot import RECORD_FOLDER
from gitexp.capture.withheld import NEVER_CAPTURED, is_secret
from gitexp.errors import BrokenRecord, GitError, StorageFull, UsageError
from gitexp.git.process import Git
from gitexp.ops.apply.backup import Backup, is_plain
from gitexp.ops.apply.carrying import and_more
from gitexp.ops.apply.states import parents
from gitexp.ops.apply.tracked import PRIVATE, Blob, Tracked, blobs_now, tree_files
from gitexp.ops.read import StoredRun
from gitexp.ops.staleness import is_stale
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
    inside = _index(run, kept)
    sparse = now.sparse | _sparse(repo, kept, inside)
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
    _check_out(repo, kept.staged, inside, wanted)
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
        if not is_plain(path) or any(folder in files for folder in parents(path)):
            raise BrokenRecord(
                f"the code of run {run.name!r} has a path that git does not check out: {path!r}",
                hint=f"git ls-tree -r exp/{run.name}",
            )


def _index(run: StoredRun, kept: Backup) -> Mapping[str, str]:
    """The environment of a git that checks out from an index of its own, with all of the commit in it."""
    index = kept.scratch / "index-run"
    inside = {
        "GIT_INDEX_FILE": str(index),
        "GIT_DIR": str(run.repo.layout.git_dir),
        "GIT_WORK_TREE": str(kept.staged),
    }
    _git(run.repo, kept.staged, inside).run(*PRIVATE, "read-tree", run.commit)
    return inside


def _git(repo: Repository, folder: Path, inside: Mapping[str, str]) -> Git:
    return repo.git.at(folder).within(inside)


def _sparse(repo: Repository, kept: Backup, inside: Mapping[str, str]) -> frozenset[str]:
    """Paths of the run that a sparse checkout leaves out, by git's own judgement."""
    if not repo.config.bool("core.sparseCheckout"):
        return frozenset()
    git = _git(repo, kept.staged, inside)
    git.run(*PRIVATE, "sparse-checkout", "reapply")
    listed = git.run("ls-files", "-z", "-t").stdout.split(b"\0")
    return frozenset(os.fsdecode(line[2:]) for line in listed if line.startswith(b"S "))


def _check_out(repo: Repository, folder: Path, inside: Mapping[str, str], paths: Iterable[str]) -> None:
    given = b"".join(os.fsencode(path) + b"\0" for path in sorted(paths))
    if given:
        git = _git(repo, folder, inside)
        try:
            git.run(*PRIVATE, "checkout-index", "--quiet", "--force", "-z", "--stdin", input=given)
        except GitError as error:
            if "unable to write file" in error.message:
                raise StorageFull(error.message, hint="df -h .git") from None
            raise


def _told(paths: Collection[str], why: str) -> list[str]:
    shown = sorted(paths)
    names = ", ".join(f"'{path}'" for path in shown[:3])
    return [f"{names}{and_more(shown, 3)}: {why}"] if shown else []
