"""Results of an evaluation put on top of a run, as a commit of their own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from gitexp.capture.snapshot import RECORD_FOLDER
from gitexp.errors import NotFound, RefChanged, UsageError
from gitexp.formats import eval_files
from gitexp.formats import record as record_files
from gitexp.git.objects import FOLDER, Entry, ObjectBuilder
from gitexp.git.refs import run_ref
from gitexp.git.write import RefUpdate
from gitexp.model.names import RunName
from gitexp.model.record import Input, Record, Status
from gitexp.model.values import Oid, Scalar
from gitexp.ops.archive.names import places
from gitexp.ops.change import change
from gitexp.ops.commit import RecordTree, stored, trailing
from gitexp.ops.evaluations.files import ATTRIBUTES, LOG_KIND, Files
from gitexp.ops.operations import Operation
from gitexp.ops.recorded import WHOLE, read_record, recorded_blobs
from gitexp.ops.tip import Tip
from gitexp.repo import Repository

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Attachment:
    """What a run gets."""

    files: Files
    metrics: Mapping[str, Scalar]
    inputs: tuple[Input, ...]
    told: str
    """The names of its suites, for the subject."""


def attach(repo: Repository, name: RunName, what: Attachment) -> Oid:
    """The run's new tip. Raises UsageError for what it has already, NotFound, BrokenRecord, GitError."""
    for _ in range(_TRIES):
        own, tips = places(repo)
        if name not in tips:
            raise NotFound(f"run {name!r} is gone", hint=f"git exp restore {name}")
        tip = Tip.read(repo, tips[name], name)
        if tip.info.status is Status.RUNNING:
            raise UsageError(f"run {name!r} is still running", hint="wait for its end")
        builder = ObjectBuilder(repo.layout.object_format)
        commit = _commit(repo, tip, builder, name, what)
        update = RefUpdate(run_ref(name), commit, own.get(name))
        with stored(repo, builder), suppress(RefChanged):
            change(repo, [update], Operation(f"attach {what.told} to {name}", (update,)))
            return commit
    raise RefChanged(f"run {name!r} keeps being changed by somebody else", hint=f"git exp show {name}")


def _commit(repo: Repository, tip: Tip, builder: ObjectBuilder, name: RunName, what: Attachment) -> Oid:
    blobs = recorded_blobs(repo.reader, tip.oid)
    record, what = _kept(read_record(repo.reader, tip.oid, name, WHOLE), what)
    _check_free(blobs, record, name, what)
    tree = RecordTree(builder, blobs)
    changed = record_files.encode(_with(record, what))
    for file in (record_files.METRICS, record_files.INPUTS, record_files.ARTIFACTS):
        if file in changed:
            tree.add(file, changed[file])
    before = repo.reader.read(blobs[ATTRIBUTES])[1] if ATTRIBUTES in blobs else b""
    files = {**what.files.files, ATTRIBUTES: what.files.attributes(before)}
    for path, data in files.items():
        tree.add(path, data)
    others = [entry for entry in tip.root if entry.name != RECORD_FOLDER]
    root = builder.tree([*others, Entry(RECORD_FOLDER, FOLDER, tree.write())])
    message = f"exp {name}: evaluation {what.told}\n\n{trailing(tip.info)}"
    at = max(time.time(), tip.at + 1)
    return builder.commit(root, (tip.oid,), repo.config.identity(repo.environ), at, message)


def _kept(record: Record, what: Attachment) -> tuple[Record, Attachment]:
    """A log that the run kept on its own account stays where it is, and is known for a log from now on."""
    there = {(one.path, one.oid) for one in record.artifacts}
    same = {one.path for one in what.files.artifacts if (one.path, one.oid) in there}
    artifacts = tuple(replace(one, kind=LOG_KIND) if one.path in same else one for one in record.artifacts)
    files = {
        path: data
        for path, data in what.files.files.items()
        if path.removeprefix(f"{record_files.ARTIFACT_FOLDER}/") not in same
    }
    fresh = [one for one in what.files.artifacts if one.path not in same]
    return replace(record, artifacts=artifacts), replace(what, files=Files(files, fresh))


def _check_free(blobs: Mapping[str, Oid], record: Record, name: RunName, what: Attachment) -> None:
    there = {path.split("/")[1] for path in blobs if path.startswith(f"{eval_files.FOLDER}/")}
    new = {path.split("/")[1] for path in what.files.files if path.startswith(f"{eval_files.FOLDER}/")}
    if both := sorted(there & new):
        raise UsageError(
            f"run {name!r} has a suite {both[0]!r} already", hint="name the new one: --suite NAME"
        )
    paths = {one.path for one in record.artifacts} & {one.path for one in what.files.artifacts}
    if paths:
        raise UsageError(f"run {name!r} has another artifact {min(paths)!r}", hint="rename the log")


def _with(record: Record, what: Attachment) -> Record:
    known = {(one.role, one.name) for one in record.inputs}
    fresh = tuple(one for one in what.inputs if (one.role, one.name) not in known)
    return Record(
        record.info,
        record.params,
        {**record.metrics, **what.metrics},
        (*record.inputs, *fresh),
        record.env,
        (*record.artifacts, *what.files.artifacts),
        record.requirements,
    )
