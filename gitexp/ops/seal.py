"""Writing a run into git from its live directory: a checkpoint, the end, or the end of a dead one."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gitexp.capture import journal
from gitexp.capture.live import Live
from gitexp.capture.live_notes import Head, Sealed, Start
from gitexp.capture.liveness import Lock
from gitexp.capture.span_folder import read_content, span_files
from gitexp.errors import GitError, NotFound, RefChanged
from gitexp.formats import record as record_files
from gitexp.formats.fold import Folded
from gitexp.git.objects import Entry, ObjectBuilder
from gitexp.git.refs import read_ref, run_ref
from gitexp.git.write import KeptPack, RefUpdate, publish, remove_stale_lock, unkeep
from gitexp.model.labels import labels_of
from gitexp.model.record import Record, RunInfo, Status
from gitexp.model.times import format_time
from gitexp.model.values import Oid
from gitexp.ops import operations
from gitexp.ops.archive.names import tip_of
from gitexp.ops.commit import (
    CHECKPOINT_TRAILER,
    RUN_TRAILER,
    STATUS_TRAILER,
    RecordTree,
    bring_in,
    write_commit,
)
from gitexp.ops.operations import Operation
from gitexp.ops.read import load
from gitexp.ops.record_folder import INHERITED, Traces, folded_rows, record_tree
from gitexp.ops.recorded import recorded_blobs, trailers
from gitexp.ops.tidy import pack_refs
from gitexp.ops.transaction import clearing_up
from gitexp.repo import Repository

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    status: Status
    exit_code: int | None = None
    signal: str | None = None
    at: float | None = None
    """Seconds since 1970; None for now."""


def finish(repo: Repository, live: Live, ending: Ending, notices: list[str] | None = None) -> Oid:
    """The commit of the ended run; durable, and noted in the live directory, when this returns.

    What a person should know of what could not be kept is added to `notices`.
    """
    with hold_writing(live) as lock:
        commit = _seal(repo, live, ending, lock, notices)
        start = live.read_start()
        before = start.inherited if _goes_on(repo, start) else None
        _log(repo, f"{operations.RECORDING}{live.name}", RefUpdate(run_ref(live.name), commit, before))
    pack_refs(repo)
    return commit


def ending_row(ending: Ending) -> list[Any]:
    """What the owner writes last into the journal: whoever seals the run then knows how it ended."""
    at = time.time() if ending.at is None else ending.at
    return ["f", at, {"status": ending.status.value, "exit_code": ending.exit_code, "signal": ending.signal}]


def noted_ending(rows: Sequence[list[Any]]) -> Ending | None:
    """How the run ended by its owner's word; None where it was not able to say."""
    for row in reversed(rows):
        if row[0] == "f":
            return Ending(Status(row[2]["status"]), row[2]["exit_code"], row[2]["signal"], at=row[1])
    return None


def extend(repo: Repository, live: Live, notices: list[str]) -> Oid | None:
    """The commit that adds what was logged after the run's last one; None where nothing was.

    What a person should know of what could not be kept is added to `notices`.

    Labels, the verdict and results stay as they were put on top since; nothing else is taken from there, for
    anybody may have written it. Raises RefChanged where the tip holds rows that are not ours, or other
    results in the place of those that changed.
    """
    with hold_writing(live) as lock:
        start = live.read_start()
        content = journal.read(live.journal)
        own, tip = tip_of(repo, live.name)
        if tip is None:
            raise NotFound(f"run {live.name!r} is gone, but rows of it are left", hint="git exp recover")
        traces = _traces(live)
        folded, tables = folded_rows(repo, start, content.rows, traces)
        builder = ObjectBuilder(repo.layout.object_format)
        tree = record_tree(repo, live, builder, start, folded, tables)
        before = recorded_blobs(repo.reader, tip)
        sealed, present = live.read_sealed(), load(repo, tip, live.name).record.info
        gone = {path for path in before if path.startswith(INHERITED)} - {*tree.blobs, *_dropped(folded)}
        # What we wrote ourselves may be left out again; a chunk of rows never is.
        lost = {path for path in gone if sealed is None or path.startswith(INHERITED[0])}
        if lost or present.resumed != start.record.info.resumed:
            raise RefChanged(f"run {live.name!r} was continued elsewhere", hint=f"git exp show {live.name}")
        record = replace(folded.record, info=_ended_as(repo, live, folded.record.info, present))
        last = (sealed.own or sealed.commit) if sealed else tip
        commit, pure = _on_top(repo, start, record, tree, last, tip)
        added = tree.blobs != before
        if added:
            bring_in(repo, live, builder, lock)
            update = RefUpdate(run_ref(live.name), commit, own)
            _publish(repo, lock, update)
            _log(repo, f"{operations.RECORDING}late rows of {live.name}", update)
        sizes = _sizes(content.sizes, traces)
        live.write_sealed(Sealed(commit if added else tip, time.time(), sizes, pure if added else last))
        notices += traces.notices
        return commit if added else None


def _on_top(
    repo: Repository, start: Start, record: Record, tree: RecordTree, last: Oid, tip: Oid
) -> tuple[Oid, Oid]:
    """The commit on `tip`, and that which has only what was logged: the same where no results were put on
    top of the `last` of these. Else the one is a merge, so that the other is never lost."""
    # Few runs are logged to after their end.
    from gitexp.ops.late_rows import more_than_labels, with_results

    now, (base, top) = time.time(), (recorded_blobs(repo.reader, one) for one in (last, tip))
    if not more_than_labels(base, top):
        commit = _write(start, record, tree, (tip,), at=now)
        return commit, commit
    pure = _write(start, record, tree, (last,), at=now)
    both, tree.blobs = with_results(repo, record.info.name, last, tip, record, tree.blobs)
    return _write(start, both, tree, (tip, pure), at=now), pure


def _ended_as(repo: Repository, live: Live, own: RunInfo, tip: RunInfo) -> RunInfo:
    """What we know of the run, with the end that we wrote and the labels of the tip."""
    sealed = live.read_sealed()
    end = load(repo, sealed.commit, live.name).record.info if sealed else tip
    return replace(
        own,
        status=end.status,
        ended=end.ended,
        exit_code=end.exit_code,
        signal=end.signal,
        failure=end.failure,
        reproduction=tip.reproduction,
        **{**labels_of(tip), "tags": tip.tags},
    )


def _dropped(folded: Folded) -> list[str]:
    """Files of the record that are not there any more because artifacts were let go of."""
    folder = record_files.ARTIFACT_FOLDER
    return [f"{folder}/{path}" for path in (*folded.dropped, ".gitattributes") if folded.dropped]


def _log(repo: Repository, what: str, update: RefUpdate) -> None:
    """Note what undo can take back. Not synced: a power cut may take the note, never the run."""
    operations.log(repo, Operation(what, (update,)), durable=False)


def take_back(repo: Repository, live: Live) -> None:
    """Undo a start: the ref as it was before, the live directory gone. Raises GitError."""
    try:
        start = live.read_start()
    except NotFound:
        live.remove()
        return
    with hold_writing(live) as lock:
        remove_stale_lock(repo.layout, run_ref(live.name))
        if read_ref(repo.git, run_ref(live.name)) == start.head:
            before = start.inherited if _goes_on(repo, start) else None
            update = RefUpdate(run_ref(live.name), before, start.head)
            _publish(repo, lock, update)
    for name in live.kept:
        unkeep(repo.layout, KeptPack(name))
    live.remove()


def _goes_on(repo: Repository, start: Start) -> bool:
    """Whether the run had a commit under this name before: it was taken up again, or was a draft."""
    if start.inherited is None:
        return False
    return trailers(repo.reader, start.inherited).get(RUN_TRAILER) == start.record.info.name


def checkpoint(repo: Repository, live: Live) -> Oid:
    """A commit of the run so far, on top of the checkpoint before it. Raises NotFound once it has ended."""
    try:
        lock = hold_writing(live)
    except FileNotFoundError:
        raise _ended(live) from None
    with lock:
        tip = read_ref(repo.git, run_ref(live.name))
        if live.read_sealed() or (tip and not _running(repo, tip)):
            raise _ended(live)
        return _seal(repo, live, None, lock)


def _running(repo: Repository, commit: Oid) -> bool:
    return trailers(repo.reader, commit).get(STATUS_TRAILER) == Status.RUNNING.value


def _ended(live: Live) -> NotFound:
    return NotFound(f"run {live.name!r} has ended", hint=f"git exp show {live.name}")


def hold_writing(live: Live) -> Lock:
    """The lock of whoever writes the run's ref, waited for."""
    lock = Lock.take(live.writing, wait=True)
    if lock is None:
        raise GitError(f"cannot lock {str(live.writing)!r}: this file system has no locks")
    return lock


def _seal(
    repo: Repository, live: Live, ending: Ending | None, lock: Lock, notices: list[str] | None = None
) -> Oid:
    start = live.read_start()
    content = journal.read(live.journal)
    # A checkpoint is made while spans are being written: they are read once, at the end.
    traces = _traces(live) if ending is not None else None
    folded, tables = folded_rows(repo, start, content.rows, traces)
    builder = ObjectBuilder(repo.layout.object_format)
    tree = record_tree(repo, live, builder, start, folded, tables)
    head = live.read_head() or Head(start.head, start.parents, 0)
    for _ in range(_TRIES):
        commit = _commit(start, folded, ending, tree, head)
        if commit == head.commit:
            break
        bring_in(repo, live, builder, lock)
        try:
            update = RefUpdate(run_ref(live.name), commit, head.commit)
            _publish(repo, lock, update)
            break
        except RefChanged:
            head = _present(repo, live, start)
    else:
        raise RefChanged(f"run {live.name!r} keeps being changed by somebody else", hint="git exp recover")
    if ending is None:
        live.write_head(Head(commit, (commit,), head.checkpoints + 1))
    else:
        live.write_sealed(Sealed(commit, time.time(), _sizes(content.sizes, traces)))
    if notices is not None:
        notices += traces.notices if traces else ()
        notices += [f"artifact {path!r} is gone from the store: its hash is kept" for path in tree.missing]
    return commit


def _publish(repo: Repository, lock: Lock, update: RefUpdate) -> None:
    """The ref changed by a git that holds the run's lock, and leaves none of its own where it is killed."""
    with clearing_up(repo, [update.ref]):
        publish(repo.git.holding(lock.descriptor), repo.layout, [update])


def _traces(live: Live) -> Traces:
    return Traces(live.traces, span_files(live.traces), read_content(live.path))


def _sizes(journals: Mapping[str, int], traces: Traces | None) -> dict[str, int]:
    """What `Live.sizes` gave as it was read; spans that could not be kept are tried again."""
    spans = traces.files if traces is not None and traces.kept else {}
    return {**journals, **{f"traces/{name}": size for name, size in spans.items()}}


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
    number = None if ending else head.checkpoints + 1
    return _write(start, record, tree, head.parents, checkpoint=number, at=None if ending else time.time())


def _write(
    start: Start,
    record: Record,
    tree: RecordTree,
    parents: tuple[Oid, ...],
    *,
    checkpoint: int | None = None,
    at: float | None = None,
) -> Oid:
    for path, data in record_files.encode(record).items():
        tree.add(path, data)
    return write_commit(
        tree.builder,
        [Entry(os.fsencode(name), mode, oid) for mode, name, oid in start.entries],
        tree,
        info=record.info,
        metrics=record.metrics,
        parents=parents,
        identity=start.identity,
        checkpoint=checkpoint,
        time=at,
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
