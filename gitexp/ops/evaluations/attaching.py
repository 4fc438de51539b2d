"""Results of an evaluation put on top of a run, as a commit of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gitexp.errors import UsageError
from gitexp.formats import eval_files
from gitexp.formats import record as record_files
from gitexp.git.objects import ObjectBuilder
from gitexp.model.names import RunName
from gitexp.model.record import Input, Record
from gitexp.model.values import Oid, Scalar
from gitexp.ops.evaluations.files import ATTRIBUTES, LOG_KIND, Files
from gitexp.ops.on_top import check_ended, put_on_top, with_files
from gitexp.ops.operations import ATTACHING
from gitexp.ops.recorded import WHOLE, read_record, recorded_blobs
from gitexp.ops.tip import Tip
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Attachment:
    """What a run gets."""

    files: Files
    metrics: Mapping[str, Scalar]
    inputs: tuple[Input, ...]
    suites: tuple[str, ...]
    """The names of those that it brings: what is told of the log is not of those that the run has already."""

    @property
    def told(self) -> str:
        """For the subject."""
        return ", ".join(self.suites)


def attach(repo: Repository, name: RunName, what: Attachment) -> Oid:
    """The run's new tip. Raises UsageError for what it has already, NotFound, BrokenRecord, GitError."""

    def made(tip: Tip, builder: ObjectBuilder) -> Oid:
        check_ended(tip)
        return with_files(
            repo, tip, builder, _files(repo, name, tip, what), f"exp {name}: evaluation {what.told}"
        )

    return put_on_top(repo, name, made, f"{ATTACHING}{what.told} to {name}")


def say(repo: Repository, name: RunName, inputs: Sequence[Input]) -> Oid:
    """The run's new tip, with `inputs` in the place of what it has of their roles.

    Raises UsageError for a run that gitexp was there for: what that was made of is not a matter of words.
    """

    def made(tip: Tip, builder: ObjectBuilder) -> Oid:
        check_ended(tip)
        record = read_record(repo.reader, tip.oid, name, WHOLE)
        if record.info.source is None:
            raise UsageError(
                f"run {name!r} was not imported: its inputs are those that it had",
                hint="git exp run --use ROLE=WHAT -- CMD",
            )
        roles = {one.role for one in inputs}
        whole = (*(one for one in record.inputs if one.role not in roles), *inputs)
        files = record_files.encode(replace(record, inputs=whole))
        told = ", ".join(sorted(roles))
        return with_files(
            *(repo, tip, builder),
            {record_files.INPUTS: files[record_files.INPUTS]},
            f"exp {name}: inputs {told}",
        )

    return put_on_top(repo, name, made, f"note inputs of {name}")


def _files(repo: Repository, name: RunName, tip: Tip, what: Attachment) -> dict[str, bytes]:
    blobs = recorded_blobs(repo.reader, tip.oid)
    record, what = _kept(read_record(repo.reader, tip.oid, name, WHOLE), what)
    _check_free(blobs, record, name, what)
    changed = record_files.encode(_with(record, what, sorted(_suites(blobs))))
    wanted = (record_files.METRICS, record_files.INPUTS, record_files.ARTIFACTS)
    before = repo.reader.read(blobs[ATTRIBUTES])[1] if ATTRIBUTES in blobs else b""
    return {
        **{file: changed[file] for file in wanted if file in changed},
        **what.files.files,
        ATTRIBUTES: what.files.attributes(before),
    }


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
    if both := sorted(_suites(blobs) & _suites(what.files.files)):
        raise UsageError(
            f"run {name!r} has a suite {both[0]!r} already", hint="name the new one: --suite NAME"
        )
    paths = {one.path for one in record.artifacts} & {one.path for one in what.files.artifacts}
    if paths:
        raise UsageError(f"run {name!r} has another artifact {min(paths)!r}", hint="rename the log")


def _suites(paths: Iterable[str]) -> set[str]:
    return {path.split("/")[1] for path in paths if path.startswith(f"{eval_files.FOLDER}/")}


def _with(record: Record, what: Attachment, before: Sequence[str]) -> Record:
    return Record(
        record.info,
        record.params,
        {**record.metrics, **what.metrics},
        tuple(_inputs(record, what, before)),
        record.env,
        (*record.artifacts, *what.files.artifacts),
        record.requirements,
    )


def _inputs(record: Record, what: Attachment, before: Sequence[str]) -> Iterator[Input]:
    """Those of both, each said of the suites that it made; `before` are the suites that the run had."""
    known, roles = {(one.role, one.name) for one in record.inputs}, {one.role for one in record.inputs}
    told = {(one.role, one.name) for one in what.inputs}
    fresh = [
        replace(one, suites=what.suites)
        for one in what.inputs
        if (one.role, one.name) not in known and not (one.none and one.role in roles)
    ]
    shown = {one.role for one in fresh}
    for one in record.inputs:
        # A log that shows some of a role knows better than who said that there was none.
        if one.none and one.role in shown:
            continue
        # What gitexp saw, or somebody said, of a run that was not imported made all that the run did.
        suites = one.suites or (tuple(before) if record.info.source is not None else ())
        again = (one.role, one.name) in told and suites
        yield replace(one, suites=(*suites, *what.suites) if again else suites)
    yield from fresh
