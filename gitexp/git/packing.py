"""Loose refs of ours, counted and packed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from gitexp.git.layout import Layout
from gitexp.git.process import Git, error
from gitexp.git.refs import ARCHIVE, BASELINE, DROPPED, EXP, INCOMING, TRASH
from gitexp.git.write import sync_folder

OURS = (EXP, TRASH, DROPPED, INCOMING, ARCHIVE, BASELINE)
_AT_ONCE = ("-c", "core.packedRefsTimeout=200")
_USAGE = 129
"""What git exits with for an option that it does not know."""


def count_loose(layout: Layout, enough: int) -> int:
    """How many refs of ours are files of their own; no more than `enough` are counted."""
    return sum(1 for _ in islice(_loose(layout), enough))


def loose_refs(layout: Layout) -> list[str]:
    """The refs of ours that are files of their own."""
    return [os.path.relpath(file, layout.common_dir) for file in _loose(layout)]


def pack(git: Git, layout: Layout) -> bool:
    """Moves our loose refs into `packed-refs`, where git cannot do only that all refs; true when durable.

    Raises GitError.
    """
    # Somebody else's lock is not waited for: another time will do.
    args = [*_AT_ONCE, "pack-refs", *(f"--include={namespace}*" for namespace in OURS)]
    result = git.run(*args, check=False)
    if result.code == _USAGE:  # before git 2.43
        args = [*_AT_ONCE, "pack-refs", "--all"]
        result = git.run(*args, check=False)
    if result.code:
        raise error(result, ["pack-refs"])
    sync_folder(layout.common_dir)
    for namespace in OURS:
        with suppress(FileNotFoundError):
            sync_folder(layout.common_dir / namespace)
    return True


def _loose(layout: Layout) -> Iterator[str]:
    return (file for namespace in OURS for file in _files(layout.common_dir / namespace))


def _files(folder: str | Path) -> Iterator[str]:
    with suppress(FileNotFoundError), os.scandir(folder) as found:
        for one in found:
            if one.is_dir(follow_symlinks=False):
                yield from _files(one.path)
            else:
                yield one.path
