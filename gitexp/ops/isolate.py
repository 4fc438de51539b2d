"""A worktree of its own for one run, filled from its snapshot, so that nothing else disturbs it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

from gitexp.errors import UsageError
from gitexp.git.process import Git, unplaced
from gitexp.model.names import RunName
from gitexp.model.record import Record
from gitexp.model.roles import UNTRACKED
from gitexp.model.submodules import altered
from gitexp.model.values import Oid
from gitexp.ops import worktrees
from gitexp.ops.outer_links import lead_on
from gitexp.ops.submodules import Found, check_out
from gitexp.repo import Repository

NEVER_LINKED = ("__pycache__", ".git", "*.pyc")


def worktree_path(repo: Repository, name: RunName) -> Path:
    return repo.home / "worktrees" / name


def make_worktree(
    repo: Repository,
    name: RunName,
    base: Oid,
    tree: Oid,
    *,
    linked: Iterable[str],
    outputs: Sequence[str],
    submodules: Sequence[Found] = (),
    trusted: bool = True,
) -> Path:
    """A linked worktree with the files of `tree` and HEAD at `base`; only where `trusted` filters are run.

    `linked` are paths relative to the root of what the project ignores: they become links to the user's own,
    save where one of `outputs` (relative to the root as well) will be written. Of `submodules` those that are
    to be had are checked out. Links that lead out of the working tree lead there from the worktree, too.
    """
    filled = worktrees.make_worktree(repo, worktree_path(repo, name), base, tree, trusted=trusted)
    for one in filled.pointers:
        if one.error is not None:
            repo.remark(f"{one.path!r} stays a Git LFS pointer: {one.error.message}")
    inner = check_out(repo, filled.path, submodules, trusted=trusted)
    if repo.layout.top is not None:
        lead_on(repo.layout.top, filled.path, inner)
        worktrees.overlook(repo, filled.path, lead_on(repo.layout.top, filled.path, filled.links))
        for path in linked:
            if stays_inside(filled.path, path):
                _link(repo.layout.top, filled.path, path, outputs)
    return filled.path


def remove_worktree(repo: Repository, name: RunName) -> None:
    """Take the run's worktree away, if there is one."""
    worktrees.drop_worktree(repo, worktree_path(repo, name))


def stays_inside(root: Path, path: str) -> bool:
    """Whether what is written to `path` goes into the worktree `root`: a link on the way leads anywhere."""
    return Path(os.path.realpath((root / path).parent)).is_relative_to(os.path.realpath(root))


def check_inside(root: Path, cwd: str, name: str) -> None:
    """Raises UsageError where the folder that a record tells leads out of the worktree `root`."""
    real = root.resolve()
    if not (real / cwd).resolve().is_relative_to(real):
        raise UsageError(f"run {name!r} ran outside of its code, in {cwd!r}", hint=f"git exp show {name}")


def linked_paths(repo: Repository, record: Record, submodules: Iterable[Found]) -> list[str]:
    """What the user has in the working tree that is not in the code, and the command may want."""
    if repo.layout.top is None:
        return []
    large = [one.path for one in record.inputs if one.role == UNTRACKED and one.path]
    linked = [*ignored_paths(repo), *large]
    own = altered(record.env)
    for one in submodules:
        if one.now is not None:
            linked += [one.path] if one.path in own else ignored_paths(repo, one.path)
    return linked


def ignored_paths(repo: Repository, submodule: str | None = None) -> list[str]:
    """What the project ignores in the working tree, folders as a whole, as `.gitexp.yaml` wants it linked.

    Or what the `submodule` at that path ignores in the user's checkout of it.
    """
    git, prefix = repo.git, ""
    if submodule is not None and repo.layout.top is not None:
        git, prefix = Git(repo.layout.top / submodule, unplaced(repo.environ)), f"{submodule}/"
    listed = git.run("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    paths = [prefix + os.fsdecode(path).rstrip("/") for path in listed.stdout.split(b"\0") if path]
    wanted = repo.settings.link
    return [
        path
        for path in paths
        if not any(fnmatch(path.rpartition("/")[2], pattern) for pattern in NEVER_LINKED)
        and (wanted is None or any(fnmatch(path, pattern) for pattern in wanted))
    ]


def tracked(repo: Repository, tree: Oid, paths: Sequence[str]) -> set[str]:
    """Those of `paths` that are files of `tree`."""
    if not paths:
        return set()
    listed = repo.git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree, "--", *paths)
    return {os.fsdecode(path) for path in listed.stdout.split(b"\0") if path}


def overlay(root: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` into a worktree, each in place of whatever is there, a link too.

    Raises UsageError where a link leads to the folder of one that is elsewhere.
    """
    for name, data in files.items():
        if not stays_inside(root, name):
            raise UsageError(
                f"params file {name!r} lies behind a link that leads out of the repository",
                hint="put a copy of its folder in the place of the link, then try again",
            )
        path = root / name
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _link(top: Path, root: Path, path: str, outputs: Sequence[str]) -> None:
    source, target = top / path, root / path
    if path in outputs or target.is_symlink() or target.is_file():
        return
    inside = [output for output in outputs if output.startswith(f"{path}/")]
    if inside or target.is_dir():
        # Something of the run's own will be in this folder: it gets a real one, and links to the rest.
        target.mkdir(parents=True, exist_ok=True)
        for child in sorted(source.iterdir()):
            if child.name == ".git":
                continue
            _link(top, root, f"{path}/{child.name}", outputs)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source)
