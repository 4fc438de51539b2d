"""Linked worktrees, filled by us.

`git worktree add` alone would run the post-checkout hook and every filter, which code of other people's must
not: a hook never runs here, and filters of the user's run only where the code is trusted.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitexp.git.filters import LFS, switched_off
from gitexp.git.process import Git, unplaced
from gitexp.model.values import Oid
from gitexp.ops.lfs_files import Indexed, materialise
from gitexp.ops.supply import Restored
from gitexp.repo import Repository
from gitexp.sharing import make_folder

_FILE, _LINK, SUBMODULE = b"100", b"120000", b"160000"
RECORD = ".exp"


@dataclass(frozen=True, slots=True)
class Filled:
    """A worktree with the files of a tree."""

    path: Path
    submodules: tuple[str, ...]
    """Their folders are there, and empty."""
    pointers: tuple[Restored, ...]
    """The files that git-lfs looks after, each with its bytes or with why it still is a pointer."""
    links: tuple[str, ...] = ()


def make_worktree(repo: Repository, path: Path, head: Oid, tree: Oid, *, trusted: bool) -> Filled:
    """A new linked worktree at `path` with the files of `tree`, in its index as well, but for `.exp/`.

    HEAD is detached at the commit `head`. Nothing is run that settings or attributes name, unless the code is
    `trusted`: then the user's filters are. Raises GitError; what is there then, `drop_worktree` clears away.
    """
    add_worktree(repo, path, head)
    return fill(repo, path, tree, trusted=trusted)


def add_worktree(repo: Repository, path: Path, head: Oid) -> None:
    """A new linked worktree without files. Raises GitError."""
    make_folder(path.parent)
    repo.git.run("worktree", "add", "--quiet", "--detach", "--no-checkout", str(path), head)


def fill(repo: Repository, path: Path, tree: Oid, *, trusted: bool) -> Filled:
    """The files of `tree` put into the new worktree at `path`, and into its index. Raises GitError."""
    # The new worktree's own index, whatever a hook's GIT_DIR says.
    git = Git(path, {**unplaced(repo.environ), "GIT_LFS_SKIP_SMUDGE": "1"})
    with switched_off(git, git_dir_of(path), (LFS,) if trusted else None) as git:
        git.run("read-tree", tree)
        _drop_record(repo, git, tree)
        entries, pointers = write_files(repo, git)
    submodules = tuple(os.fsdecode(one.path) for one in entries if one.mode == SUBMODULE)
    return Filled(path, submodules, tuple(pointers), tuple(links_in(entries)))


def links_in(entries: Iterable[Indexed]) -> list[str]:
    """The paths of the entries that are links."""
    return [os.fsdecode(one.path) for one in entries if one.mode == _LINK]


def overlook(repo: Repository, path: Path, files: Sequence[str]) -> None:
    """Have git in the worktree at `path` not call its `files` changed, whatever they are."""
    if files:
        told = b"".join(os.fsencode(one) + b"\0" for one in files)
        Git(path, unplaced(repo.environ)).run("update-index", "-z", "--skip-worktree", "--stdin", input=told)


def write_files(repo: Repository, git: Git, *, offline: bool = False) -> tuple[list[Indexed], list[Restored]]:
    """The files of the index that `git` has, put where it runs: its entries, and what became of pointers.

    `offline` leaves pointers whose bytes are not here. Raises GitError.
    """
    git.run("checkout-index", "--all", "--force", "--quiet", "--index")
    entries = _entries(git)
    files = [one for one in entries if one.mode.startswith(_FILE)]
    return entries, materialise(repo, git, files, offline=offline)


def drop_worktree(repo: Repository, path: Path) -> None:
    """Take a worktree away, with all that is in it, if there is one."""
    if path.exists() and repo.git.run("worktree", "remove", "--force", str(path), check=False).code != 0:
        shutil.rmtree(path, ignore_errors=True)
        repo.git.run("worktree", "prune", check=False)


def git_dir_of(path: Path) -> Path:
    """The folder of a linked worktree in the repository; its `.git` is a file that says which."""
    return path / (path / ".git").read_text("utf-8", "surrogateescape").removeprefix("gitdir: ").rstrip("\n")


def _drop_record(repo: Repository, git: Git, tree: Oid) -> None:
    """Take the record out of the index; the tree of a run's commit has one, its code tree has not."""
    if repo.reader.resolve(tree, RECORD) is not None:
        listed = git.run("ls-files", "-z", "--", f":(top,literal){RECORD}").stdout
        git.run("update-index", "-z", "--force-remove", "--stdin", input=listed)


def _entries(git: Git) -> list[Indexed]:
    """Everything in the index."""
    found = []
    for line in git.run("ls-files", "-z", "--stage").stdout.split(b"\0")[:-1]:
        meta, _, path = line.partition(b"\t")
        mode, oid, _ = meta.split(b" ")
        found.append(Indexed(mode, Oid(oid.decode()), path))
    return found
