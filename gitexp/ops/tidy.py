"""Keeping the repository quick: many small packs folded into few, loose refs packed, by git itself.

And what a kill left of files that were being written is found.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gitexp.errors import GitError
from gitexp.git.packing import count_loose, loose_refs, pack
from gitexp.ops.transaction import changing
from gitexp.repo import Repository

MANY_PACKS = 50
"""From so many packs on, every look at an object gets slower."""
MANY_REFS = 400
"""From so many loose refs of ours on they are packed; never more than 500 are promised."""

STALE_SECONDS = 3600.0
"""A file that nobody has written to for so long nobody will."""
_FORGOTTEN_SECONDS = 7 * 86400.0
"""Nor will anybody go on with a transfer."""


def stale_files(repo: Repository) -> Iterator[Path]:
    """Temporary files of ours that a kill left."""
    from gitexp.artifacts.arriving import FOLDER  # whoever records a run does not look for them

    places = (
        (repo.home, "edit-*.pack*", STALE_SECONDS),
        (repo.store.temporary, "gitexp-*", STALE_SECONDS),
        # A transfer that was cut goes on from there.
        (repo.store.root.parent / FOLDER, "*.gitexp", _FORGOTTEN_SECONDS),
    )
    for folder, pattern, seconds in places:
        for path in folder.glob(pattern):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > seconds:
                    yield path


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
    with suppress(GitError, OSError), changing(repo, loose_refs(repo.layout)) as git:
        return pack(git, repo.layout)
    return False


def _foldable(repo: Repository) -> int:
    return sum(not pack.with_suffix(".keep").exists() for pack in repo.layout.packs.glob("pack-*.pack"))
