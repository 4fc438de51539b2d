"""Where git looks for the hooks of a repository."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from gitexp.errors import GitExpError, NoWorkTree
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class HooksFolder:
    """The folder, which may not exist yet."""

    path: Path
    own: bool
    """Whether it is the repository's own, and not one that core.hooksPath names."""
    scripts: Path | None = None
    """Where people write their hooks themselves, in files that are in git: nothing is installed there."""


def find_folder(repo: Repository) -> HooksFolder:
    """Raises NoWorkTree in a bare repository, GitExpError where hooks are switched off."""
    if repo.layout.top is None:
        raise NoWorkTree(
            "this repository is bare: nobody commits in it, and its hooks are the host's",
            hint="git exp hooks install is for clones",
        )
    # With the user's hooks, or core.hooksPath is ours.
    told = repo.git.run("rev-parse", "--git-path", "hooks", user_hooks=True).text
    path = Path(os.path.normpath(repo.git.cwd / told))
    if path.exists() and not path.is_dir():
        raise GitExpError(
            f"git looks for hooks in '{path}' (core.hooksPath), which is no folder: it runs none",
            hint="git config --show-origin --get-all core.hooksPath",
        )
    own = path == Path(os.path.normpath(repo.layout.common_dir / "hooks"))
    # The repository's own may be a link to where people keep theirs.
    real = path.resolve()
    inside = real.is_relative_to(repo.layout.common_dir.resolve())
    return HooksFolder(path, own, None if inside else _scripts(repo, real))


def _scripts(repo: Repository, path: Path) -> Path | None:
    # husky 9 makes `.husky/_` anew whenever packages are installed; its scripts call those beside that.
    if path.name == "_" and ((path / "h").exists() or (path / "husky.sh").exists()):
        return path.parent
    relative = repo.relative(path)
    if relative is None or not path.exists():
        return None
    listed = repo.git.run("ls-files", "-z", "--", f":(top,literal){relative}")
    return path if listed.stdout else None
