"""Backups that gc may free: none that a change needs which goes on, or was cut short, in any working tree."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from gitexp.capture.liveness import Lock
from gitexp.ops.apply.backup import Backup
from gitexp.ops.apply.unfinished import LOCK
from gitexp.ops.attention import APPLYING
from gitexp.repo import Repository


def unneeded(repo: Repository, backups: Sequence[Backup]) -> tuple[list[Backup], list[str]]:
    """Those that no working tree needs to be put right, and why the others stay: one sentence each."""
    needed, told = set[str](), []
    for folder in _folders(repo):
        try:
            value = json.loads((folder / APPLYING).read_bytes())
            name, what = str(value["backup"]), str(value["what"])
        except FileNotFoundError:
            continue
        except (ValueError, LookupError, TypeError):
            return [], [f"backups stay: '{folder / APPLYING}' is damaged, and may name any of them"]
        if any(one.path.name == name for one in backups):
            needed.add(name)
            told.append(f"a backup stays: '{what}' was cut short in {_told(repo, folder)}, and needs it")
    return [one for one in backups if one.path.name not in needed], told


def free(repo: Repository, backups: Sequence[Backup]) -> list[str]:
    """Remove those that no working tree needs while nobody changes any; why others stay."""
    if not backups:
        return []
    with ExitStack() as held:
        for folder in _folders(repo):
            # Not waited for: who changes files may wait for gc.
            lock = Lock.take(folder / LOCK)
            if lock is None:
                return [f"backups stay while files are being changed in {_told(repo, folder)}"]
            held.enter_context(lock)
        going, told = unneeded(repo, backups)
        for one in going:
            one.remove()
    return told


def _folders(repo: Repository) -> Iterator[Path]:
    """Our folder of each working tree that has one: others were never changed by us."""
    common = repo.layout.common_dir
    places = (common, *sorted((common / "worktrees").glob("*")))
    yield from (place / "exp" for place in places if (place / "exp").is_dir())


def _told(repo: Repository, folder: Path) -> str:
    linked = folder.parent != repo.layout.common_dir
    return f"the working tree '{folder.parent.name}'" if linked else "the main working tree"
