"""The suggestion to archive, where so many runs have refs of their own that sharing gets slow; never more."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitexp.repo import Repository

MANY = 2000
"""Refs of runs up to which nothing is said."""
_FILE = "suggested"
_DAY = 86400.0


def suggest_archive(repo: Repository, count: Callable[[], int]) -> None:
    """Says so on a terminal, once a day, where the `count` of refs is beyond MANY."""
    if not _is_watched() or (number := count()) <= MANY:
        return
    stamp = repo.home / _FILE
    with suppress(OSError):
        if time.time() - stamp.stat().st_mtime < _DAY:
            return
    with suppress(OSError):
        stamp.touch()
        from gitexp.cli.session import note

        note(f"{number} runs have refs of their own, which every push and fetch has to list")
        print("hint: git exp archive -n", file=sys.stderr)


def _is_watched() -> bool:
    return sys.stderr.isatty()
