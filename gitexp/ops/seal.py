"""Writing a run into git from its live directory: a checkpoint, the end, or the end of a dead one."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gitexp.capture import console, journal, terminal_log
from gitexp.capture.live import Head, Live, Sealed, Start
from gitexp.capture.liveness import Lock
from gitexp.errors import RefChanged
from gitexp.formats import pointer, series
from gitexp.formats import record as record_files
from gitexp.formats.fold import Folded, fold
from gitexp.git.objects import Entry, ObjectBuilder
from gitexp.git.refs import read_ref, run_ref
from gitexp.git.write import RefUpdate, publish
from gitexp.model.history import Row
from gitexp.model.record import Artifact, Status
from gitexp.model.times import format_time
from gitexp.model.values import Oid
from gitexp.ops.commit import CHECKPOINT_TRAILER, STATUS_TRAILER, RecordTree, bring_in, write_commit
from gitexp.ops.read import recorded_blobs, trailers
from gitexp.repo import Repository

INHERITED = (record_files.SERIES_FOLDER + "/", record_files.ARTIFACT_FOLDER + "/")
_TRIES = 5
LOG_LIMIT = 1 << 20
"""Bytes of console output that a record keeps at most (`exp.maxLog`)."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    status: Status
    exit_code: int | None = None
    signal: str | None = None
    at: float | None = None
    """Seconds since 1970; None for now."""


def finish(repo: Repository, live: Live, ending: Ending) -> Oid:
    """The commit of the ended run; durable, and noted in the live directory, when this returns."""
    with hold_writing(live) as lock:
        return _seal(repo, live, ending, lock)


def checkpoint(repo: Repository, live: Live) -> Oid:
    """A commit of the run so far, on top of the checkpoint before it."""
    with hold_writing(live) as lock:
        return _seal(repo, live, None, lock)


def hold_writing(live: Live) -> Lock:
    """The lock of whoever writes the run's ref, waited for."""
    lock = Lock.take(live.writing, wait=True)
    assert lock is not None
    return lock


def _seal(repo: Repository, live: Live, ending: Ending | None, lock: Lock) -> Oid:
    start = live.read_start()
    content = journal.read(live.journal)
    folded = fold(start.record, content.rows)
    builder = ObjectBuilder(repo.layout.object_format)
    tree = RecordTree(builder, _inherited(repo, start))
    _add_series(tree, folded)
    _add_artifacts(repo, live, tree, folded.record.artifacts)
    _add_log(repo, live, tree)
    head = live.read_head() or Head(start.head, start.parents, 0)
    for _ in range(_TRIES):
        commit = _commit(start, folded, ending, tree, head)
        if commit == head.commit:
            break
        bring_in(repo, live, builder, lock)
        try:
            update = RefUpdate(run_ref(live.name), commit, head.commit)
            publish(repo.git.holding(lock.descriptor), repo.layout, [update])
            break
        except RefChanged:
            head = _present(repo, live, start)
    else:
        raise RefChanged(f"run {live.name!r} keeps being changed by somebody else", hint="git exp recover")
    if ending is None:
        live.write_head(Head(commit, (commit,), head.checkpoints + 1))
    else:
        live.write_sealed(Sealed(commit, time.time(), content.sizes))
    return commit


def _commit(start: Start, folded: Folded, ending: Ending | None, tree: RecordTree, head: Head) -> Oid:
    record = folded.record
    if ending is not None:
        info = replace(
            record.info,
            status=ending.status,
            ended=format_time(time.time() if ending.at is None else ending.at),
            exit_code=ending.exit_code,
            signal=ending.signal,
            # What a child told of its own end is not that of a run that went on to finish.
            failure=None if ending.status is Status.FINISHED else folded.failure,
        )
        record = replace(record, info=info)
    for path, data in record_files.encode(record).items():
        tree.add(path, data)
    return write_commit(
        tree.builder,
        [Entry(os.fsencode(name), mode, oid) for mode, name, oid in start.entries],
        tree,
        info=record.info,
        metrics=record.metrics,
        parents=head.parents,
        identity=start.identity,
        checkpoint=None if ending else head.checkpoints + 1,
        time=None if ending else time.time(),
    )


def _present(repo: Repository, live: Live, start: Start) -> Head:
    """What the run's ref points to now, and what a commit that replaces it has to build on."""
    commit = read_ref(repo.git, run_ref(live.name))
    if commit is None:
        return Head(None, start.parents, 0)
    noted = trailers(repo.reader, commit)
    checkpoints = int(noted.get(CHECKPOINT_TRAILER, "0"))
    if checkpoints or noted.get(STATUS_TRAILER) != Status.RUNNING.value:
        return Head(commit, (commit,), checkpoints)
    return Head(commit, start.parents, 0)


def _inherited(repo: Repository, start: Start) -> dict[str, Oid]:
    """Series chunks and artifacts of the run that this one continues."""
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


def _add_artifacts(repo: Repository, live: Live, tree: RecordTree, artifacts: tuple[Artifact, ...]) -> None:
    """Small files as they are; of large ones the pointer, and the attributes that git-lfs goes by."""
    folder = record_files.ARTIFACT_FOLDER
    large = []
    for one in artifacts:
        path = f"{folder}/{one.path}"
        own = live.files / one.oid
        if own.exists():
            tree.add(path, own.read_bytes())
        elif repo.store.has(one.oid, one.size):
            tree.add(path, pointer.encode(one.oid, one.size))
            large.append(one.path)
    if large:
        tree.add(f"{folder}/.gitattributes", pointer.attributes(large))


def _add_log(repo: Repository, live: Live, tree: RecordTree) -> None:
    raw = console.read(live.console)
    if not raw:
        return
    limit = repo.config.int("exp.maxLog", LOG_LIMIT)
    text = terminal_log.reduce(raw, limit=limit).decode("utf-8", "replace")
    tree.add(record_files.LOG, repo.redactor.text(text).encode())
