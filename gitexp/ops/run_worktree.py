"""A worktree of the user's with a run as it was: its code, its inputs, what it produced."""

from __future__ import annotations

import os
import shlex
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from gitexp.errors import GitError, UsageError
from gitexp.git.process import Git, unplaced
from gitexp.git.refs import read_ref
from gitexp.git.write import make_branch
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops.branch import CodeCommit, branch_exists, branch_name, code_commit, root_tree
from gitexp.ops.read import StoredRun
from gitexp.ops.restoring import restore_artifacts, restore_inputs
from gitexp.ops.supply import Restored
from gitexp.ops.trust import provenance
from gitexp.ops.worktrees import add_worktree, drop_worktree, fill, git_dir_of
from gitexp.repo import Repository

_UNFINISHED = "exp-unfinished"
"""In the git folder of a worktree that is being made."""


@dataclass(frozen=True, slots=True)
class Planned:
    """Where a worktree will be, and on what."""

    run: RunName
    path: Path
    head: Oid
    branch: str | None
    """None where HEAD is detached."""
    trusted: bool
    """Whether the filters of the user's settings may run."""
    code: CodeCommit


@dataclass(frozen=True, slots=True)
class RunWorktree:
    """A worktree that was made, and what became of the files that are not in its code."""

    submodules: tuple[str, ...]
    pointers: tuple[Restored, ...]
    """Files of the code that git-lfs looks after."""
    inputs: tuple[Restored, ...]
    artifacts: tuple[Restored, ...]


def plan(run: StoredRun, folder: Path, branch: str | None = None) -> Planned:
    """What `make` will do, with all checked that can be.

    HEAD is the commit that the run started from, and what was not committed then is staged; where there is
    none, or on a branch, it is the commit of the code. Raises UsageError, GitError.
    """
    repo = run.repo
    path = free_place(repo, Path(os.path.abspath(repo.cwd / folder)))
    name = None if branch is None else branch_name(repo, branch)
    if name is not None and read_ref(repo.git, f"refs/heads/{name}"):
        raise branch_exists(name, f"git worktree add {shlex.quote(str(folder))} {shlex.quote(name)}")
    code = code_commit(run)
    head = code.oid if name is not None or code.base is None else code.base
    return Planned(run.name, path, head, name, provenance(repo, run).standing.trusted, code)


def make(run: StoredRun, planned: Planned, *, artifacts: bool = True) -> RunWorktree:
    """The worktree, made as planned; a file that cannot be had stops nothing. Raises GitError.

    Without `artifacts` what the run produced is left out.

    Where it cannot be made, nothing of it is left.
    """
    repo, path, whole = run.repo, planned.path, run.whole
    needed = planned.head == planned.code.oid
    with planned.code.kept(repo) if needed else nullcontext():
        _add(repo, planned)
        try:
            unfinished = git_dir_of(path) / _UNFINISHED
            unfinished.touch()
            filled = fill(repo, path, root_tree(run), trusted=planned.trusted)
            if planned.branch is not None:
                _attach(repo, planned.branch, planned)
        except BaseException:
            drop_worktree(repo, path)
            raise
    inputs = restore_inputs(repo, whole.inputs, path)
    produced = restore_artifacts(run, path) if artifacts else ()
    unfinished.unlink(missing_ok=True)
    return RunWorktree(filled.submodules, filled.pointers, tuple(inputs), tuple(produced))


def free_place(repo: Repository, path: Path) -> Path:
    """`path` where a worktree may be made. Raises UsageError."""
    if path.is_symlink() or (path.exists() and not path.is_dir()) or (path.is_dir() and any(path.iterdir())):
        # What a kill has left may go; what somebody works in may not.
        remove = f"git worktree remove --force {shlex.quote(str(path))}"
        raise UsageError(
            f"'{path}' already exists", hint=remove if _is_unfinished(path) else "choose another folder"
        )
    real = path.resolve()
    if any(real.is_relative_to(one.resolve()) for one in (repo.layout.common_dir, repo.layout.git_dir)):
        raise UsageError(f"'{path}' is inside of the repository itself", hint="choose another folder")
    if repo.relative(path) is not None and not _is_ignored(repo, path):
        raise UsageError(
            f"'{path}' is in the working tree: runs would record it as code",
            hint="choose a folder outside of it, or one that is ignored",
        )
    return path


def _is_ignored(repo: Repository, folder: Path) -> bool:
    # It does not exist yet: what is asked for is something in it, so that it counts as a folder.
    return repo.git.run("check-ignore", "-q", "--", str(folder / "any"), check=False).code == 0


def _add(repo: Repository, planned: Planned) -> None:
    try:
        add_worktree(repo, planned.path, planned.head)
    except GitError as error:  # git has cleared up: what is there may be somebody else's
        if "already registered" in error.message:
            error.hint = "git worktree prune"
        raise


def _is_unfinished(path: Path) -> bool:
    try:
        return (git_dir_of(path) / _UNFINISHED).exists() or os.listdir(path) == [".git"]
    except OSError:
        return False


def _attach(repo: Repository, branch: str, planned: Planned) -> None:
    """Make the branch and have HEAD of the worktree point to it."""
    make_branch(repo.git, repo.layout, branch, planned.head)
    git = Git(planned.path, unplaced(repo.environ))
    told = f"checkout: moving from {planned.head} to {branch}"
    git.run("symbolic-ref", "-m", told, "HEAD", f"refs/heads/{branch}")
