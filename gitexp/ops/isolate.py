"""A worktree of its own for one run, filled from its snapshot, so that nothing else disturbs it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

from gitexp.errors import UsageError
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops import worktrees
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
    trusted: bool = True,
) -> Path:
    """A linked worktree with the files of `tree` and HEAD at `base`; only where `trusted` filters are run.

    `linked` are paths relative to the root of what the project ignores: they become links to the user's own,
    save where one of `outputs` (relative to the root as well) will be written.
    """
    filled = worktrees.make_worktree(repo, worktree_path(repo, name), base, tree, trusted=trusted)
    for one in filled.pointers:
        if one.error is not None:
            repo.remark(f"{one.path!r} stays a Git LFS pointer: {one.error.message}")
    if repo.layout.top is not None:
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


def ignored_paths(repo: Repository) -> list[str]:
    """What the project ignores in the working tree, folders as a whole, as `.gitexp.yaml` wants it linked."""
    listed = repo.git.run("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    paths = [os.fsdecode(path).rstrip("/") for path in listed.stdout.split(b"\0") if path]
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


def submodules(repo: Repository, tree: Oid) -> dict[str, Oid]:
    """The submodules of a tree or commit: path -> the commit that each is at."""
    listed = repo.git.run("ls-tree", "-r", "-z", "--full-tree", tree).stdout.split(b"\0")
    entries = (line.partition(b"\t") for line in listed if line.startswith(b"160000 "))
    return {os.fsdecode(path): Oid(meta.split(b" ")[2].decode()) for meta, _, path in entries}


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
