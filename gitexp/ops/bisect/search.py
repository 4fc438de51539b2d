"""git's own bisection in a worktree of ours: the user's HEAD, index, files and refs/bisect stay."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from gitexp.capture.liveness import Lock
from gitexp.errors import GitError, GitExpError
from gitexp.git.process import Git, unplaced
from gitexp.model.values import Oid
from gitexp.ops.attention import BISECTION, WORKTREES
from gitexp.ops.worktrees import drop_worktree
from gitexp.repo import Repository
from gitexp.sharing import make_folder

_FIRST = re.compile(r"^# first bad commit: \[([0-9a-f]+)\]", re.MULTILINE)
_POSSIBLE = re.compile(r"^# possible first bad commit: \[([0-9a-f]+)\]", re.MULTILINE)
_FIXED = 3
"""git's exit code where the bad end is better than where the two branched off."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where it came to."""

    first_bad: Oid | None
    possible: tuple[Oid, ...] = ()
    """What is left where too many commits could not be measured."""


def search(repo: Repository, good: Oid, bad: Oid, word_of: Callable[[Oid], str]) -> Outcome:
    """The first bad commit; `word_of` a commit is `good`, `bad` or `skip`.

    Raises GitError with git's words where the ends are no good and bad one of each other.
    """
    with _worktree(repo, bad) as git:
        git.run("bisect", "start", "--no-checkout", bad, good)
        while True:
            log = git.run("bisect", "log").text
            if found := _FIRST.search(log):
                return Outcome(Oid(found[1]))
            if possible := _POSSIBLE.findall(log):
                return Outcome(None, tuple(map(Oid, possible)))
            current = Oid(git.run("rev-parse", "--verify", "BISECT_HEAD").text)
            said = git.run("bisect", word_of(current), current, check=False)
            if said.code == _FIXED:
                raise GitExpError(
                    f"commit {current[:10]} is bad, and both ends come from it: it became better since",
                    hint="git exp bisect BAD GOOD finds what made it so",
                )
            if said.code and git.run("bisect", "log").text == log:  # else it would be asked for ever
                raise GitError(f"git bisect cannot go on: {said.talk.strip()}", hint="git fsck")


@contextmanager
def _worktree(repo: Repository, commit: Oid) -> Iterator[Git]:
    """A git in an empty worktree, which is gone at the end."""
    path = repo.home / WORKTREES / f"{BISECTION}{os.urandom(4).hex()}"
    make_folder(path.parent)
    with Lock.take(_lock_of(path)) or nullcontext():
        try:
            repo.git.run("worktree", "add", "--quiet", "--detach", "--no-checkout", str(path), commit)
            yield Git(path, unplaced(repo.environ))
        finally:
            _drop(repo, path)


def clear_up(repo: Repository) -> None:
    """Take away what a bisection that was killed has left."""
    for path in (repo.home / WORKTREES).glob(f"{BISECTION}*"):
        lock = Lock.take(_lock_of(path))
        if lock is not None:
            with lock:
                _drop(repo, path)


def _drop(repo: Repository, path: Path) -> None:
    drop_worktree(repo, path)
    _lock_of(path).unlink(missing_ok=True)


def _lock_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")
