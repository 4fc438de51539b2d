"""Changing refs of ours so that a kill leaves no lock behind.

git that is killed in a transaction leaves lock files that nobody else removes. So whoever changes refs holds
our own lock, which its git holds as well, and has written down which refs before it begins: whoever takes
the lock next and finds that note knows that its writer is gone, and clears the locks away.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from gitexp.capture.liveness import Lock
from gitexp.errors import GitError, GitKilled
from gitexp.git.process import Git
from gitexp.git.refs import INCOMING, is_ours
from gitexp.git.write import sync_folder
from gitexp.ops.attention import INTENT
from gitexp.repo import Repository
from gitexp.sharing import make_folder, share

_LOCK = "changing"
STALE_SECONDS = 2.0
"""No git holds a lock on a single ref, or on the packed ones, for so long without writing to it."""


@contextmanager
def changing(repo: Repository, refs: Iterable[str]) -> Iterator[Git]:
    """A git for changing `refs`, and nobody else of us at it. Raises OSError where nothing can be written."""
    make_folder(repo.home)
    lock = Lock.take(repo.home / _LOCK, wait=True)
    if lock is None:  # a file system without locks: git's own have to do
        yield repo.git
        return
    with lock:
        _clear_up(repo)
        intent, refs = repo.home / INTENT, list(refs)
        _write_intent(intent, refs)
        try:
            with clearing_up(repo, refs):
                yield repo.git.holding(lock.descriptor)
        except GitError:
            intent.unlink()
            raise
        # Not after an interrupt, say: what git left is not known then.
        intent.unlink()


@contextmanager
def clearing_up(repo: Repository, refs: Sequence[str]) -> Iterator[None]:
    """Clears the locks on `refs` away where git alone is killed: nobody would look for them later."""
    since = time.time()
    try:
        yield
    except GitKilled:
        _remove_locks(repo, refs, since)
        raise


def settle(repo: Repository) -> None:
    """Clear away the locks that a killed command left, if there are any and nobody is at work."""
    if not (repo.home / INTENT).exists():
        return
    lock = Lock.take(repo.home / _LOCK)
    if lock is not None:
        with lock:
            _clear_up(repo)


def _write_intent(path: Path, refs: Iterable[str]) -> None:
    temporary = path.with_name(f".{path.name}")
    with temporary.open("w") as file:
        json.dump(list(refs), file)
        file.flush()
        os.fsync(file.fileno())
    share(temporary)
    temporary.replace(path)
    sync_folder(path.parent)


def _clear_up(repo: Repository) -> None:
    """Remove the locks of a change whose process and whose git are gone; the caller holds our lock."""
    intent = repo.home / INTENT
    try:
        since, refs = intent.stat().st_mtime, json.loads(intent.read_bytes())
    except FileNotFoundError:
        return
    except ValueError:
        refs = []
        since = intent.stat().st_mtime
    _remove_locks(repo, refs, since)
    intent.unlink()


def _remove_locks(repo: Repository, refs: Sequence[object], since: float) -> None:
    """Remove what a git that is gone, and began at `since`, has left of its locks."""
    root = repo.layout.common_dir
    locks: list[tuple[Path, ...]] = [
        (root / f"{ref}.lock",)
        for ref in refs
        if isinstance(ref, str) and (is_ours(ref) or ref.startswith(INCOMING))
    ]
    if not (root / "gc.pid").exists():
        # git writes into the new file and never again to the lock beside it.
        locks += [
            (root / "packed-refs.lock", root / "packed-refs.new"),
            (root / "reftable/tables.list.lock",),
        ]
    for paths in locks:
        remove_stale(paths, since)


def remove_stale(paths: Sequence[Path], since: float) -> None:
    """Remove lock files that were made after `since` and stay as they are: a git of the user's would go on.

    They are those of one git, the lock first: while any of them changes, all stay.
    """
    seen = _looked_at(paths)
    if not seen or next(iter(seen.values())).time < since - STALE_SECONDS:
        return  # it was in the way before we came
    latest = max(one.time for one in seen.values())
    time.sleep(max(0.0, STALE_SECONDS - (time.time() - latest)))
    if _looked_at(paths) == seen:
        for path in reversed(seen):  # who takes the lock next must not find the rest
            path.unlink(missing_ok=True)


class _Look(NamedTuple):
    inode: int
    size: int
    time: float


def _looked_at(paths: Iterable[Path]) -> dict[Path, _Look]:
    """Those of the files that exist."""
    found = {}
    for path in paths:
        with suppress(FileNotFoundError):
            stat = path.stat()
            found[path] = _Look(stat.st_ino, stat.st_size, stat.st_mtime)
    return found
