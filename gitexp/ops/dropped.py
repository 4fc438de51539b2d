"""Artifacts that runs have let go of: which bytes of the store `git exp gc` may free, a file for each run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from gitexp.model.names import RunName
from gitexp.model.values import Digest
from gitexp.repo import Repository
from gitexp.sharing import make_folder, share

_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


def note(repo: Repository, name: RunName, oids: Iterable[Digest]) -> None:
    """Note that the run needs these no more; whether somebody else does is for whoever frees them."""
    path = _folder(repo) / name
    make_folder(path.parent)
    with path.open("ab", buffering=0) as file:
        share(path)
        file.write("".join(f"{oid}\n" for oid in sorted(oids)).encode())


def noted(repo: Repository) -> dict[Path, frozenset[Digest]]:
    """By the file that notes it: what is in the store still."""
    found = {}
    for path in _folder(repo).glob("*"):
        oids = map(Digest, _DIGEST.findall(path.read_text("ascii", "replace")))
        found[path] = frozenset(oid for oid in oids if repo.store.path(oid).exists())
    return found


def forget_freed(repo: Repository) -> None:
    """Take away the files that note nothing which is in the store still."""
    for path, oids in noted(repo).items():
        if not oids:
            path.unlink(missing_ok=True)


def _folder(repo: Repository) -> Path:
    return repo.home / "dropped"
