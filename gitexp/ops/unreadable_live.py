"""Live directories that nothing can be made of, put where no command trips over them; nothing is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gitexp.capture.live import Live, all_live
from gitexp.capture.liveness import Lock
from gitexp.errors import BrokenRecord, NewerFormat, NotFound
from gitexp.repo import Repository
from gitexp.sharing import make_folder

FOLDER = "damaged"


def set_aside(repo: Repository) -> Iterator[tuple[str, Path]]:
    """The name of each run whose start cannot be read, and where its directory is now. Raises OSError."""
    for root in (repo.live_root, repo.done_root):
        for live in all_live(root):
            if _is_unreadable(live) and not live.alive():
                lock = Lock.take(live.owner)
                if lock is not None:
                    with lock:
                        make_folder(repo.home / FOLDER)
                        yield live.name, live.move(repo.home / FOLDER)


def _is_unreadable(live: Live) -> bool:
    try:
        if live.read_sealed() is None:
            live.read_start()
    except (NewerFormat, NotFound, PermissionError):
        return False
    except (BrokenRecord, OSError):
        return True
    return False
