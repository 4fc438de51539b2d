"""A repository of this machine, as `git fetch` and `git push` find it by its path."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gitexp.git.config import read
from gitexp.git.process import Git

# As enter_repo in https://github.com/git/git/blob/master/path.c tries them.
_SUFFIXES = ("/.git", "", ".git/.git", ".git")


class Entered(NamedTuple):
    """What is found there."""

    common_dir: Path
    """What all its working trees have in common."""
    worked_in: bool
    """Whether it has a working tree."""
    shared: str | None
    """Its `core.sharedRepository`."""


def enter(git: Git, path: Path) -> Entered | None:
    """The repository that git takes `path` for, which is absolute; None where it takes it for none.

    Raises GitError where its settings cannot be read.
    """
    for suffix in _SUFFIXES:
        place = Path(f"{path}{suffix}")
        if place.exists() and (found := _entered(git, place)):
            return found
    return None


def _entered(git: Git, place: Path) -> Entered | None:
    inner = git.within({"GIT_DIR": str(place)})
    for name in ("GIT_WORK_TREE", "GIT_COMMON_DIR"):
        inner.environ.pop(name, None)
    result = inner.run("rev-parse", "--git-common-dir", check=False)
    if result.code != 0:
        return None
    common, config = git.cwd / result.text, read(inner)
    # A bare repository may have linked working trees.
    worked_in = not config.bool("core.bare") or any(common.glob("worktrees/*"))
    return Entered(common, worked_in, config.get("core.sharedRepository"))
