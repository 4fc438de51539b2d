"""What the files were that runs depended on, as far as it is here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import sha256

from gitexp.errors import GitExpError
from gitexp.formats import pointer
from gitexp.git.refs import read_ref, run_ref
from gitexp.model.record import Input
from gitexp.ops.read import StoredRun

MAX_TEXT = 1 << 20
"""Bytes of a file that is looked into."""


def text_of(run: StoredRun, one: Input) -> str | None:
    """The file that `one` was, as text; None where it is not here, too large, or no text."""
    data = content_of(run, one)
    if data is None or b"\0" in data:
        return None
    return data.decode("utf-8", "replace")


def content_of(run: StoredRun, one: Input) -> bytes | None:
    """The bytes with the hash that was noted, from the code of the run or the artifact store."""
    if one.oid is None or (one.size or 0) > MAX_TEXT:
        return None
    if one.path is not None:
        with suppress(GitExpError):
            (data,) = run.repo.reader.blobs([(run.commit, one.path)])
            if data is not None and sha256(data).hexdigest() == one.oid:
                return data
            told = pointer.decode(data) if data is not None else None
            if told is not None and told[0] != one.oid:
                return None
    with suppress(GitExpError, OSError):
        if one.size is not None and run.repo.store.has(one.oid, one.size):
            return run.repo.store.open(one.oid, one.size)
    return None


def are_in_code(runs: Iterable[StoredRun], paths: Sequence[str]) -> bool:
    """Whether the trees of all runs have something at all of the paths; not so where objects are missing."""
    try:
        return all(run.repo.reader.resolve(run.commit, path) is not None for run in runs for path in paths)
    except GitExpError:
        return False


def revision(run: StoredRun) -> str:
    """What plain git knows the run by: `exp/NAME`, or its commit where only an archive holds it."""
    at = read_ref(run.repo.git, run_ref(run.name))
    return f"exp/{run.name}" if at == run.commit else run.commit[:12]
