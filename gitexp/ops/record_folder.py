"""The record folder of a run, made of what its journal and its live directory hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitexp.capture import console
from gitexp.capture.live import Live
from gitexp.capture.live_notes import Start
from gitexp.formats import pointer, series
from gitexp.formats import record as record_files
from gitexp.formats.fold import Folded, fold
from gitexp.git.objects import ObjectBuilder
from gitexp.model.calls import Content
from gitexp.model.history import Row
from gitexp.model.record import Artifact
from gitexp.model.values import Oid
from gitexp.ops.commit import RecordTree
from gitexp.ops.recorded import recorded_blobs
from gitexp.repo import Repository

INHERITED = ("series/", "artifacts/", "eval/")
"""What a run that goes on from another has of it."""
LOG_LIMIT = 1 << 20
"""Bytes of console output that a record keeps at most (`exp.maxLog`)."""


@dataclass(slots=True)
class Traces:
    """The files of spans that a run has left."""

    folder: Path
    files: Mapping[str, int]
    """Path below `folder` -> bytes."""
    content: Content | None = None
    """What is to be kept of their texts, if the settings allow as much; None where nothing was said."""
    notices: list[str] = field(default_factory=list)
    """Told what could not be read."""
    kept: bool = True
    """False where they could not be: on a full disk, say."""


def folded_rows(
    repo: Repository, start: Start, rows: list[list[Any]], traces: Traces | None = None
) -> tuple[Folded, Mapping[str, bytes]]:
    """What was logged, and the tables of its evaluations; with what its `traces` tell, if any are given."""
    folded = fold(start.record, rows)
    if traces is not None and traces.files:
        # Most runs call no models.
        from gitexp.ops.traces.sealing import with_traces

        folded = with_traces(repo, start, folded, traces)
    if not folded.suites:
        return folded, {}
    # Most runs evaluate nothing.
    from gitexp.ops.evaluations.sealing import with_suites

    return with_suites(repo, start, folded)


def record_tree(
    repo: Repository,
    live: Live,
    builder: ObjectBuilder,
    start: Start,
    folded: Folded,
    tables: Mapping[str, bytes],
) -> RecordTree:
    """The record folder, but for the YAML files."""
    tree = RecordTree(builder, _inherited(repo, start))
    _add_series(tree, folded)
    _add_artifacts(repo, live, tree, start, folded.record.artifacts)
    _add_log(repo, live, tree)
    for path, data in tables.items():
        tree.add(path, data)
    return tree


def _inherited(repo: Repository, start: Start) -> dict[str, Oid]:
    """Series chunks, artifacts and evaluations of the run that this one continues."""
    if start.inherited is None:
        return {}
    blobs = recorded_blobs(repo.reader, start.inherited)
    return {path: oid for path, oid in blobs.items() if path.startswith(INHERITED)}


def _add_series(tree: RecordTree, folded: Folded) -> None:
    """The rows as chunks after the inherited ones; a checkpoint ends a chunk, which then stays as it is."""
    folder = record_files.SERIES_FOLDER
    number = sum(path.startswith(f"{folder}/") for path in tree.blobs)
    for part in _parts(folded):
        for chunk in series.encode(part):
            tree.add(f"{folder}/{number:05}.csv", chunk)
            number += 1


def _parts(folded: Folded) -> Iterator[list[Row]]:
    begin = 0
    for end in (*folded.checkpoints, len(folded.rows)):
        if end > begin:
            yield folded.rows[begin:end]
            begin = end


def _add_artifacts(
    repo: Repository, live: Live, tree: RecordTree, start: Start, artifacts: tuple[Artifact, ...]
) -> None:
    """Small files as they are; of large ones the pointer, and the attributes that git-lfs goes by.

    The pointer is right even where the store has lost the bytes: another clone may still have them.
    """
    folder = record_files.ARTIFACT_FOLDER
    inherited = {one.path: one.oid for one in start.record.artifacts}
    for gone in inherited.keys() - {one.path for one in artifacts}:
        tree.blobs.pop(f"{folder}/{gone}", None)
    large = []
    for one in artifacts:
        path = f"{folder}/{one.path}"
        own = live.files / one.oid
        if own.exists():
            tree.add(path, own.read_bytes())
        elif inherited.get(one.path) == one.oid and path in tree.blobs:
            if _is_pointer(repo, tree.blobs[path], one):
                large.append(one.path)
        else:
            tree.add(path, pointer.encode(one.oid, one.size))
            large.append(one.path)
            if not repo.store.has(one.oid, one.size):
                tree.missing.append(one.path)
    attributes = f"{folder}/.gitattributes"
    if large:
        tree.add(attributes, pointer.attributes(large))
    elif ".gitattributes" not in {one.path for one in artifacts}:
        tree.blobs.pop(attributes, None)


def _is_pointer(repo: Repository, blob: Oid, artifact: Artifact) -> bool:
    """Whether an inherited blob stands for the artifact's bytes, rather than being them."""
    if repo.reader.header(blob)[1] > pointer.MAX_SIZE:
        return False
    return pointer.decode(repo.reader.read(blob)[1]) == (artifact.oid, artifact.size)


def _add_log(repo: Repository, live: Live, tree: RecordTree) -> None:
    raw = console.read(live.console)
    if not raw:
        return
    limit = repo.config.int("exp.maxLog", LOG_LIMIT)
    # Only runs that printed something need it.
    from gitexp.capture import terminal_log

    text = terminal_log.reduce(raw, limit=limit).decode("utf-8", "replace")
    tree.add(record_files.LOG, repo.redactor.text(text).encode())
