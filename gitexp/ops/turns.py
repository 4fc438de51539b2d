"""Tries at a change that is made of what runs are now, where others change them at the same time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext

from gitexp.capture.liveness import Lock
from gitexp.errors import RefChanged
from gitexp.model.names import RunName
from gitexp.repo import Repository
from gitexp.sharing import make_folder

_LOCK = "turns"
_TRIES = 10
_PAUSE = 0.1
"""Seconds between two tries, at most."""


def turns(repo: Repository) -> Iterator[None]:
    """One try at once; then those who were too slow go one after the other, a bounded number of times.

    What they read and what they write is theirs alone then, but for who comes for the first time. Whoever
    leaves the loop lets the next one in. Raises OSError.
    """
    yield
    make_folder(repo.home)
    with Lock.take(repo.home / _LOCK, wait=True) or nullcontext():
        for _ in range(_TRIES):
            yield
            time.sleep(_PAUSE * os.urandom(1)[0] / 255)


def outrun(names: Sequence[RunName]) -> RefChanged:
    """The error where none of the tries was in time."""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    keep = "keep" if more else "keeps"
    return RefChanged(f"run {names[0]!r}{more} {keep} being changed by somebody else", hint="try again")
