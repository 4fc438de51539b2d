"""Files that do not belong into a commit, whatever they say."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

from gitexp.errors import GitExpError
from gitexp.formats import pointer
from gitexp.formats.binary import is_binary
from gitexp.git.reader import LIMIT
from gitexp.model.values import Digest
from gitexp.ops.hooks.guard.kinds import RECORD
from gitexp.ops.hooks.guard.staged import File, Staged
from gitexp.repo import Repository


def large(repo: Repository, staged: Staged) -> Iterator[GitExpError]:
    """Files that git would carry for ever; not those that HEAD has as large already."""
    most = repo.max_untracked
    binary = min(repo.max_blob, most)
    for file in staged.files:
        limit = most if file.size > most else binary
        if file.size <= limit or (file.before or 0) > limit or file.path.startswith(RECORD):
            continue
        if limit == most or _is_binary(staged, file):
            yield _too_large(file, limit, "exp.maxUntracked" if limit == most else "exp.maxBlob")


def _is_binary(staged: Staged, file: File) -> bool:
    # What is too large to be read is no text that anybody reads.
    return file.size > LIMIT or is_binary(staged.reader.read(file.oid)[1])


def _too_large(file: File, limit: int, setting: str) -> GitExpError:
    kind = "a binary file of " if setting == "exp.maxBlob" else ""
    return GitExpError(
        f"{file.path!r} is {kind}{_size(file.size)}, more than {_size(limit)} ({setting}), and belongs in "
        "an artifact",
        hint=f"{file.unstaging}, and then git exp run --output {shlex.quote(file.path)} -- CMD",
    )


def _size(size: int) -> str:
    return f"{size / (1 << 20):.1f} MiB" if size >= 1 << 20 else f"{size / 1024:.1f} KiB"


def unresolved(repo: Repository, staged: Staged) -> Iterator[GitExpError]:
    """Git LFS pointers that git-lfs would not see, as attributes say, to bytes that are not here."""
    found = list(_lost(repo, staged))
    if not found:
        return
    seen = _looked_after(staged, [file for file, _ in found])
    for file, oid in found:
        if file.path not in seen:
            yield GitExpError(
                f"{file.path!r} is a pointer to {oid[:12]}, not here, and git-lfs would not fetch it",
                hint=f"{file.unstaging}, or git lfs track {shlex.quote(file.path)}",
            )


def _lost(repo: Repository, staged: Staged) -> Iterator[tuple[File, Digest]]:
    files = [one for one in staged.files if one.size in pointer.CANONICAL_SIZES]
    for file, data in zip(files, staged.reader.contents([one.oid for one in files]), strict=True):
        target = pointer.decode(data) if not file.path.startswith(RECORD) else None
        if target is not None and not repo.store.has(*target):
            yield file, target[0]


def _looked_after(staged: Staged, files: list[File]) -> set[str]:
    """The paths with the attribute filter=lfs, as it is staged."""
    paths = b"".join(os.fsencode(file.path) + b"\0" for file in files)
    told = staged.git.run("check-attr", "--cached", "-z", "--stdin", "filter", input=paths)
    words = told.stdout.split(b"\0")
    answers = zip(words[::3], words[2::3], strict=False)
    return {os.fsdecode(path) for path, value in answers if value == b"lfs"}
