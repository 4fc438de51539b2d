"""What stands at a path of a commit's code, as it is checked out."""

from __future__ import annotations

import hashlib
from contextlib import suppress

from gitexp.artifacts.folders import identity
from gitexp.errors import GitExpError
from gitexp.formats import pointer
from gitexp.git.reader import ObjectReader
from gitexp.model.values import Digest, Oid
from gitexp.ops.recorded import walk


def in_code(reader: ObjectReader, commit: Oid, path: str) -> Digest | None:
    """The hash of the file or folder at a path in the code; None where there is none."""
    with suppress(GitExpError):
        entry = reader.resolve(commit, path)
        if entry is not None and entry.is_folder:
            files = walk(reader, entry.oid)
            return identity((_hash_of(reader.read(oid)[1]), below) for below, oid in files)
        if entry is not None and not entry.is_submodule:
            return _hash_of(reader.read(entry.oid)[1])
    return None


def _hash_of(blob: bytes) -> Digest:
    """The hash of a file as it is checked out: of what a pointer stands for."""
    told = pointer.decode(blob)
    return told[0] if told else Digest(hashlib.sha256(blob).hexdigest())
