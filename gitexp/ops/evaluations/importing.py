"""Logs of other tools as runs, or on top of one: `git exp eval import`."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from gitexp.artifacts.folders import identity
from gitexp.artifacts.store import digest_file
from gitexp.capture.snapshot import RECORD_FOLDER
from gitexp.errors import BrokenFile, InvalidName, UsageError
from gitexp.git.objects import Entry, ObjectBuilder
from gitexp.interop.building import warned
from gitexp.interop.imported import Columns, Imported, Importer, Request
from gitexp.interop.logs import importer_of, logs_in
from gitexp.interop.problems import Problems
from gitexp.interop.source import Source
from gitexp.model.eval_summary import summary_metrics
from gitexp.model.evaluation import MAX_SUITES, Suite, check_suite
from gitexp.model.names import RunName, new_id, new_name, slugify
from gitexp.model.record import Code, Input, Record, RunInfo, Status
from gitexp.model.times import format_time
from gitexp.model.values import Digest, Oid, Scalar
from gitexp.ops.declaring import said_inputs
from gitexp.ops.evaluations.attaching import Attachment, attach, say
from gitexp.ops.evaluations.files import ATTRIBUTES, LOG_KIND, Files, keep, names_of
from gitexp.ops.evaluations.reading import briefs
from gitexp.ops.goals import goal_of
from gitexp.ops.inscribe import Inscription, inscribe
from gitexp.ops.read import StoredRun, list_all
from gitexp.ops.resolve import resolve
from gitexp.repo import Repository

SOURCE = "import"
_REVISION = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What is to be imported, and how."""

    paths: tuple[str, ...]
    format: str | None = None
    attach: str | None = None
    """The run that the tables are put on."""
    suite: str | None = None
    slug: str | None = None
    cluster: str | None = None
    columns: Columns = field(default_factory=Columns)
    with_text: bool = False
    partial: bool = False
    dry_run: bool = False
    uses: tuple[str, ...] = ()
    """Inputs as ROLE=WHAT, in the place of what the log says of the role."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of one run that a log tells of."""

    path: str
    """Empty where inputs alone were noted."""
    format: str
    name: RunName | None
    """None where nothing was written."""
    commit: Oid | None
    suites: tuple[Suite, ...]
    warnings: tuple[str, ...] = ()
    known: bool = False
    """Whether the log was there already: then `name` is the run that has it."""


@dataclass(frozen=True, slots=True)
class _Log:
    """A log that is to be read."""

    source: Source
    importer: Importer
    files: tuple[Path, ...]
    oids: tuple[Digest, ...]

    @property
    def digest(self) -> Digest:
        if len(self.oids) == 1 and not self.source.is_folder:
            return self.oids[0]
        names = (path.name for path in self.files)
        return identity(zip(self.oids, names, strict=True))


def import_logs(repo: Repository, request: ImportRequest) -> list[Brought]:
    """What became of each log. Raises BrokenFile before anything is written where one cannot be read whole.

    Raises NotFound, UsageError, GitError or OSError, too.
    """
    if request.suite is not None:
        check_suite(request.suite)
    target = resolve(repo, request.attach) if request.attach is not None else None
    if not request.paths:
        return [_say(repo, request, target)]
    logs = [one for path in request.paths for one in _each(repo, path, request.format)]
    read = [(log, *_read(repo, log, request, target)) for log in logs]
    return [
        one
        for log, known, found, told in read
        for one in _write(repo, request, target, log, known, found, told)
    ]


def _say(repo: Repository, request: ImportRequest, target: StoredRun | None) -> Brought:
    """What was said later of a run that was imported, put on top of it."""
    if target is None or not request.uses:
        raise UsageError("no log is given", hint="git exp eval import PATH")
    said, remarks = said_inputs(repo, request.uses)
    commit = None if request.dry_run else say(repo, target.name, _masked(repo, said))
    return Brought("", "", target.name, commit, (), tuple(remarks))


def _each(repo: Repository, path: str, format: str | None) -> Iterator[_Log]:
    source = Source(repo.cwd / path, path)
    importer = importer_of(source, format)
    for one in logs_in(source, importer):
        files = tuple(importer.files(one))
        yield _Log(one, importer, files, tuple(digest_file(file).oid for file in files))


def _read(
    repo: Repository, log: _Log, request: ImportRequest, target: StoredRun | None
) -> tuple[list[StoredRun], list[Imported], list[str]]:
    """The runs that have the log already; else what is in it, and what was odd about it."""
    known = list(_having(repo, log.oids, target))
    asked = Request(
        request.suite,
        request.cluster,
        request.with_text,
        request.columns,
        partial(goal_of, goals=repo.settings.goals),
        log.digest,
        scored=True,
    )
    if known:
        _check_asked(log, known, request)
        if request.columns != Columns():
            # Columns that were named are looked for; what else is odd was told the first time.
            log.importer.read(log.source, asked, Problems(partial=True))
        return known, [], []
    problems = Problems(request.partial)
    found = log.importer.read(log.source, asked, problems)
    problems.check()
    told = problems.told()
    most = max((len(one.suites) for one in found), default=0)
    if most > MAX_SUITES:
        raise BrokenFile(
            f"{log.source.shown} has {most} suites, where {MAX_SUITES} are allowed",
            hint="split it, and import its parts",
        )
    if not any(suite.results or summary_metrics(suite) for one in found for suite in one.suites):
        raise BrokenFile(
            f"{log.source.shown}: no answer in it could be read", hint="write the log with its samples"
        )
    # In the record the log has its name alone: where it lay on this machine says nothing elsewhere.
    kept = [sentence.replace(log.source.shown, log.source.path.name) for sentence in told]
    said, remarks = said_inputs(repo, request.uses)
    roles = {one.role for one in said}
    told_of = [
        replace(
            one,
            suites=tuple(warned(suite, kept) for suite in one.suites),
            inputs=(*(each for each in one.inputs if each.role not in roles), *said),
        )
        for one in found
    ]
    return [], told_of, [*told, *remarks]


def _check_asked(log: _Log, known: Sequence[StoredRun], request: ImportRequest) -> None:
    """Raises UsageError where the runs that have the log lack the suite or the scores that are asked for."""
    metas = [one.meta for run in known for one in briefs(run)]
    suites = {meta.suite for meta in metas}
    metrics = {metric.name for meta in metas for metric in meta.metrics}
    lacking = [name for name in request.columns.scores if name not in metrics]
    if request.suite is not None and request.suite not in suites:
        lacking.append(request.suite)
    if lacking:
        name = known[0].name
        # A run that has more than this log is not to be removed for the sake of it.
        alone = known[0].info.source is not None and set(_logs_of(known[0])) == set(log.oids)
        raise UsageError(
            f"{log.source.shown} was imported already, and run {name!r} has no {lacking[0]!r}",
            hint=f"git exp rm {name}, then import it again" if alone else f"git exp eval show {name}",
        )


def _having(repo: Repository, oids: Sequence[Digest], target: StoredRun | None) -> Iterator[StoredRun]:
    for run in list_all(repo).runs if target is None else (target,):
        if oids and set(oids) <= set(_logs_of(run)):
            yield run


def _logs_of(run: StoredRun) -> Iterator[Digest]:
    """The logs among the artifacts; a run may have kept one on its own account, without its results."""
    text = run.row.tail.artifacts
    # Most runs have no logs at all: what is looked for in a text need not be parsed.
    artifacts: Mapping[str, Mapping[str, str]] = json.loads(text) if LOG_KIND in text else {}
    for one in artifacts.values():
        if one.get("kind") == LOG_KIND:
            yield Digest(one["oid"].removeprefix("sha256:"))


def _write(
    repo: Repository,
    request: ImportRequest,
    target: StoredRun | None,
    log: _Log,
    known: Sequence[StoredRun],
    found: Sequence[Imported],
    told: Sequence[str],
) -> Iterator[Brought]:
    brought = partial(Brought, log.source.shown, log.importer.NAME)
    for run in known:
        yield brought(run.name, run.commit, (), known=True)
    if target is not None and len(found) > 1:
        raise UsageError(
            f"{log.source.shown} tells of {len(found)} runs: they cannot be one",
            hint=f"git exp eval import {log.source.shown}",
        )
    files = Files()
    if found and not request.dry_run:
        for path, stored in zip(names_of(log.files, log.source.path), keep(repo, log.files), strict=True):
            files.add_pointer(path, stored, LOG_KIND)
    for one in found:
        if request.dry_run:
            yield brought(None, None, one.suites, tuple(told))
            continue
        own = Files(dict(files.files), list(files.artifacts))
        for suite in one.suites:
            own.add_suite(repo, suite)
        if target is None:
            name, commit = inscribe(repo, request.slug or _slug(one), _inscription(repo, one, own))
        else:
            names = tuple(suite.name for suite in one.suites)
            what = Attachment(own, _metrics(one.suites), _masked(repo, one.inputs), names)
            name, commit = target.name, attach(repo, target.name, what)
        yield brought(name, commit, one.suites, tuple(told))


def _slug(one: Imported) -> str | None:
    with suppress(InvalidName):
        return slugify(one.suites[0].name)
    return None


def _metrics(suites: Sequence[Suite]) -> dict[str, Scalar]:
    return {key: value for suite in suites for key, value in summary_metrics(suite).items()}


def _inscription(repo: Repository, one: Imported, files: Files) -> Inscription:
    builder = ObjectBuilder(repo.layout.object_format)
    base, entries = _code(repo, one.revision)
    # Not with the builder of the commit: nothing points to this tree but the record.
    tree = ObjectBuilder(repo.layout.object_format).tree(entries)
    started = one.started or one.ended or format_time(time.time())
    info = RunInfo(
        id=new_id(),
        name=new_name("import"),
        status=Status.FINISHED,
        started=started,
        ended=max(one.ended or started, started),
        code=Code(tree, base, dirty=one.dirty and base is not None),
        title=repo.redactor.text(one.title)[:200] if one.title else None,
        source=SOURCE,
    )
    record = Record(
        info,
        metrics=_metrics(one.suites),
        inputs=_masked(repo, one.inputs),
        artifacts=tuple(files.artifacts),
        requirements=one.requirements,
    )
    extra = {**files.files, ATTRIBUTES: files.attributes()}
    return Inscription(record, tuple(entries), builder, (base,) if base else (), extra)


def _code(repo: Repository, revision: str | None) -> tuple[Oid | None, list[Entry]]:
    """The commit that the log names and the root of its code; nothing where it is not known here."""
    if revision is None or not _REVISION.fullmatch(revision):
        return None, []
    found = repo.git.run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", check=False)
    root = repo.reader.resolve(Oid(found.text), "") if found.code == 0 else None
    if root is None:
        return None, []
    return Oid(found.text), [entry for entry in repo.reader.entries(root.oid) if entry.name != RECORD_FOLDER]


def _masked(repo: Repository, inputs: Sequence[Input]) -> tuple[Input, ...]:
    """The inputs without what is secret in them; what a role and a name say twice is said once."""
    found: dict[tuple[str, str], Input] = {}
    for one in inputs:
        masked = repo.redactor.params({one.role: one.value, "seen": dict(one.seen)})
        assert isinstance(masked, dict)
        seen = masked["seen"]
        assert isinstance(seen, dict)
        found.setdefault(
            (one.role, one.name),
            replace(one, name=repo.redactor.text(one.name), value=masked[one.role], seen=seen),
        )
    return tuple(found.values())
