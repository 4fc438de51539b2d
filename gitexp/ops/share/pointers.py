"""The large artifacts of a run: those of which the commit has a pointer only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitexp.artifacts.store import Stored
from gitexp.formats import pointer
from gitexp.formats.record import ARTIFACT_FOLDER
from gitexp.git.reader import ObjectReader
from gitexp.model.values import Oid
from gitexp.ops.read import StoredRun
from gitexp.ops.records import FOLDER
from gitexp.repo import Repository


def pointers(repo: Repository, run: StoredRun) -> list[Stored]:
    """What the commit of `run` points to, each once. Raises BrokenRecord or NotFound."""
    if run.row.tail.artifacts in ("", "{}"):  # so most runs cost no look into their commits
        return []
    return pointers_of(repo.reader, run.commit)


def pointers_of(reader: ObjectReader, commit: Oid) -> list[Stored]:
    """What that commit points to, each once. Raises BrokenRecord or NotFound."""
    folder = reader.resolve(commit, f"{FOLDER}/{ARTIFACT_FOLDER}")
    if folder is None or not folder.is_folder:
        return []
    files = dict.fromkeys(_files(reader, folder.oid))
    small = [oid for oid in files if reader.header(oid)[1] <= pointer.MAX_SIZE]
    found: dict[Any, Stored] = {}
    for data in reader.contents(small):
        if (decoded := pointer.decode(data)) is not None:
            found[decoded[0]] = Stored(*decoded)
    return list(found.values())


def _files(reader: ObjectReader, tree: Oid) -> Iterator[Oid]:
    for entry in reader.entries(tree):
        if entry.is_folder:
            yield from _files(reader, entry.oid)
        elif not entry.is_submodule:
            yield entry.oid
