"""Whether dead or ended runs wait to be looked after; every command asks, so it imports next to nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path

from gitexp.repo import Repository

INTENT = "changing.json"
"""In our folder while refs are being changed, and after a command that was killed meanwhile."""
WORKTREES = "worktrees"
"""In our folder: the worktrees of runs and bisections that go on."""
BISECTION = "_bisect-"
"""How the names of the latter begin; no run has such a name."""
UNSENT = "auto-push/failed"
"""In our folder after an automatic push that failed, until that is told."""
APPLYING = "applying.json"
"""In our folder of a working tree while files of it are being changed, and after a kill meanwhile."""
_CHECK_EVERY_SECONDS = 60.0


def needed(repo: Repository) -> bool:
    """Whether `recover.sweep` would find something to look at, and could do something about it."""
    if any(
        path.exists() and os.access(path.parent, os.W_OK) for path in (repo.home / INTENT, applying(repo))
    ):
        return True
    if abandoned(repo):
        return True
    if not os.access(repo.live_root, os.W_OK):
        return False
    return any(not name.startswith(".") for name in os.listdir(repo.live_root)) or due(repo.done_root)


def abandoned(repo: Repository) -> bool:
    """Whether there is a worktree of a bisection, which goes on or was killed."""
    try:
        return any(name.startswith(BISECTION) for name in os.listdir(repo.home / WORKTREES))
    except (FileNotFoundError, NotADirectoryError):
        return False


def unsent(repo: Repository) -> bool:
    """Whether an automatic push failed, and nobody has been told yet."""
    return (repo.home / UNSENT).exists()


def applying(repo: Repository) -> Path:
    """Goes with the working tree that it is about."""
    return repo.layout.git_dir / "exp" / APPLYING


def due(root: Path) -> bool:
    """Whether the done directories have not been looked at for a while."""
    try:
        return time.time() - (root / ".checked").stat().st_mtime > _CHECK_EVERY_SECONDS
    except (FileNotFoundError, NotADirectoryError):
        return root.is_dir()
