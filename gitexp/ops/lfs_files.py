"""Git LFS pointers in a worktree, replaced by the bytes that they stand for.

git-lfs does that in a filter, which a worktree of somebody else's code must not run, and takes what is in its
store without a look at the hash.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from gitexp.artifacts.placing import placed
from gitexp.artifacts.store import Stored
from gitexp.errors import GitExpError
from gitexp.formats import pointer
from gitexp.git.filters import LFS
from gitexp.git.process import Git
from gitexp.model.values import Oid
from gitexp.ops.supply import Restored, Supply
from gitexp.repo import Repository


class Indexed(NamedTuple):
    """An entry of an index."""

    mode: bytes
    oid: Oid
    path: bytes


def materialise(
    repo: Repository, git: Git, files: Sequence[Indexed], *, offline: bool = False
) -> list[Restored]:
    """What became of each of `files` that is a pointer and, by its attributes, for git-lfs.

    `git` runs in the worktree. A pointer whose bytes cannot be had stays as it is; `offline` asks nobody.
    """
    found = _pointers(repo, _for_lfs(git, files))
    supply = Supply(repo, offline=offline)
    supply.bring(found.values())
    results = [_materialised(supply, git.cwd, one, stored) for one, stored in found.items()]
    _forget_stat(git, [one for one, result in zip(found, results, strict=True) if result.error is None])
    return results


def _for_lfs(git: Git, files: Sequence[Indexed]) -> list[Indexed]:
    if not files:
        return []
    asked = b"".join(one.path + b"\0" for one in files)
    told = git.run("check-attr", "-z", "--stdin", "filter", input=asked).stdout.split(b"\0")
    wanted = {path for path, value in zip(told[::3], told[2::3], strict=False) if value == LFS.encode()}
    return [one for one in files if one.path in wanted]


def _pointers(repo: Repository, files: Iterable[Indexed]) -> dict[Indexed, Stored]:
    found = {}
    for one in files:
        if repo.reader.header(one.oid)[1] <= pointer.MAX_SIZE:
            decoded = pointer.decode(repo.reader.read(one.oid)[1])
            if decoded is not None:
                found[one] = Stored(*decoded)
    return found


def _forget_stat(git: Git, files: Sequence[Indexed]) -> None:
    """Have git look into `files` when it is asked next: by their size it would call them modified."""
    if files:
        lines = (b"%s %s 0\t%s\0" % (one.mode, one.oid.encode(), one.path) for one in files)
        git.run("update-index", "-z", "--index-info", input=b"".join(lines))


def _materialised(supply: Supply, root: Path, one: Indexed, stored: Stored) -> Restored:
    path = os.fsdecode(one.path)
    try:
        with placed(root, path, replace=True) as file:
            # As git has checked the pointer out: executable or not.
            os.fchmod(file.fileno(), (root / path).lstat().st_mode & 0o777)
            return Restored(path, stored.oid, stored.size, supply.write(stored, file))
    except (GitExpError, OSError) as error:
        reason = error if isinstance(error, GitExpError) else GitExpError(str(error.strerror or error))
        return Restored(path, stored.oid, stored.size, error=reason)
