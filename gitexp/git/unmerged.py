"""Paths that a merge, a rebase or the like has left unresolved."""

from __future__ import annotations

import os

from gitexp.git.layout import Layout
from gitexp.git.process import Git

_UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "AUTO_MERGE", "rebase-merge", "rebase-apply")
"""In the git directory of a working tree while something is merged there."""


def unmerged(git: Git) -> list[str]:
    """The paths that are in conflict in the index, relative to the root."""
    listed = git.run("ls-files", "--unmerged", "--full-name", "-z", ":/").stdout.split(b"\0")
    return list(dict.fromkeys(os.fsdecode(line.partition(b"\t")[2]) for line in listed if line))


def left_unmerged(git: Git, layout: Layout) -> list[str]:
    """The same, where something is being merged: else git is not asked, since a run waits for this."""
    return unmerged(git) if any((layout.git_dir / name).exists() for name in _UNDER_WAY) else []
