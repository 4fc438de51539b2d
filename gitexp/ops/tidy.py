"""Keeping the repository quick: many small packs folded into few, loose refs packed, by git itself."""

from __future__ import annotations

from contextlib import suppress

from gitexp.errors import GitError
from gitexp.git.packing import count_loose, pack
from gitexp.ops.transaction import changing
from gitexp.repo import Repository

MANY_PACKS = 50
"""From so many packs on, every look at an object gets slower."""
MANY_REFS = 400
"""From so many loose refs of ours on they are packed; never more than 500 are promised."""


def fold_packs(repo: Repository) -> bool:
    """Whether small packs were folded together. Nothing is pruned, and packs with a `.keep` are left alone.

    A pack that git cannot fold now is folded another time: that is no error.
    """
    if repo.layout.partial or _foldable(repo) < MANY_PACKS:
        # In a partial clone git before 2.44 mixes up what it promised to fetch with what it has.
        return False
    try:
        repo.git.run("repack", "-d", "--geometric=2", "--quiet")
    except GitError:
        return False
    return True


def pack_refs(repo: Repository) -> bool:
    """Whether loose refs of ours were packed, durably. What cannot be packed now is packed another time."""
    if repo.layout.ref_format != "files" or count_loose(repo.layout, MANY_REFS) < MANY_REFS:
        return False
    with suppress(GitError, OSError), changing(repo, ()) as git:
        return pack(git, repo.layout)
    return False


def _foldable(repo: Repository) -> int:
    return sum(not pack.with_suffix(".keep").exists() for pack in repo.layout.packs.glob("pack-*.pack"))
