"""The inputs that a project declares, by hash: as they are staged or, where git has them not, as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from gitexp.artifacts.folders import files_below
from gitexp.artifacts.store import Stored
from gitexp.formats import pointer
from gitexp.formats.declared import Declared
from gitexp.model.record import Input
from gitexp.model.roles import NAMED
from gitexp.model.values import Digest
from gitexp.ops.declaring import each_declared, of_declared
from gitexp.ops.hooks.staged_files import StagedFiles
from gitexp.repo import Repository

AT_ONCE = 64 << 20
"""Bytes that are hashed while git waits; of more, only what was hashed before is known."""


def declared_inputs(
    repo: Repository, files: StagedFiles, declared: Mapping[str, Iterable[Declared]]
) -> tuple[list[Input], list[Input]]:
    """Those that are there, and those that are missing; what is too large to be hashed now has no hash."""
    found: list[Input] = []
    missing: list[Input] = []
    left = AT_ONCE
    for role, told in each_declared(declared):
        path = told.path
        if path is None:
            found.append(of_declared(repo, role, told))
            continue
        one = Input(role, told.name or path, path)
        data = files.read(path)
        if data is not None:
            stored: Stored | None = _staged(data)
        elif repo.layout.top is None or not (repo.layout.top / path).exists():
            if role in NAMED:
                found.append(of_declared(repo, role, told))
            else:
                missing.append(one)
            continue
        else:
            stored, left = _hashed(repo, repo.layout.top / path, left)
        found.append(replace(one, oid=stored.oid, size=stored.size) if stored else one)
    return found, missing


def _staged(data: bytes) -> Stored:
    """What the file is known by; a pointer stands for what it points to."""
    target = pointer.decode(data)
    return Stored(*target) if target else Stored(Digest(hashlib.sha256(data).hexdigest()), len(data))


def _hashed(repo: Repository, path: Path, left: int) -> tuple[Stored | None, int]:
    """The hash of a file or folder, and how many bytes may still be hashed after it."""
    try:
        files = list(files_below(path)) if path.is_dir() else [path]
        unknown = sum(file.stat().st_size for file in files if repo.digests.known(file) is None)
        if unknown > left:
            return None, left
        stored = repo.digests.of(path)
    except OSError:
        return None, left
    return stored, left - unknown
