"""Executing a draft, and how what came out compares with the runs that were merged."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gitexp.errors import GitExpError, UsageError
from gitexp.git.refs import read_ref, run_ref
from gitexp.merge.mappings import changes
from gitexp.model.record import RunInfo, Status
from gitexp.model.values import Oid, Value
from gitexp.ops import isolate, params
from gitexp.ops.committed import params_files_at, results_of, settings_at
from gitexp.ops.compare import Comparison, compare, side_of
from gitexp.ops.continuing import Origin, resume
from gitexp.ops.drafts import merged_runs
from gitexp.ops.execute import Request, Source
from gitexp.ops.merging.params import put, value_at
from gitexp.ops.read import StoredRun, load
from gitexp.ops.repro import supplies
from gitexp.ops.resolve import resolve
from gitexp.ops.runnable import runnable_command
from gitexp.ops.submodules import find
from gitexp.ops.trust import check_trusted
from gitexp.ops.versions import versions
from gitexp.repo import Repository

_UNFINISHED = (Status.FAILED, Status.KILLED, Status.CRASHED)


def draft_request(
    repo: Repository, text: str, command: Sequence[str], *, trust: bool, labels: Request
) -> Request:
    """How to execute a draft with its own command, or with another one; `labels` says the rest.

    One that was executed and did not finish is executed from the start once more, on top of that.
    Raises UsageError for what is no draft, GitExpError where it is not trusted, or as `resolve` does.
    """
    tip = resolve(repo, text)
    run = _draft_of(repo, tip)
    info = run.record.info
    trusted = _is_trusted(repo, run, command, trust)
    hint = f"git exp run --draft {run.name} -- CMD"
    chosen = tuple(command) or runnable_command(repo, info, hint=hint)
    if not chosen:
        raise UsageError(f"draft {run.name!r} has no command", hint=hint)
    results = results_of(info.results, settings_at(repo, run.commit), info.cwd)
    # Inputs are noted as they are found, not as the merged runs had them.
    whole = replace(run.whole, info=_labelled(info, tip.record.info), inputs=())
    return Request(
        chosen,
        group=labels.group,
        tags=labels.tags,
        note=labels.note,
        metrics_files=labels.metrics_files or results.metrics,
        outputs=labels.outputs or results.outputs,
        content=labels.content,
        origin=replace(_origin(repo, run, tip), record=whole),
        source=_source(repo, run, trusted),
    )


def _source(repo: Repository, run: StoredRun, trusted: bool) -> Source:
    info = run.record.info
    found = supplies.look(repo, run.commit, run.whole.inputs)

    def prepare(root: Path) -> list[str]:
        isolate.check_inside(root, info.cwd, run.name)
        return [*(one.told for one in found if one.lacking), *supplies.supply(repo, found, root)]

    return Source(
        run.commit,
        info.code,
        _unmasked(repo, run),
        cwd=info.cwd,
        trusted=trusted,
        unlinked=supplies.not_linked(found),
        prepare=prepare,
        inputs=lambda root: supplies.known_before(repo, found, root),
        submodules=find(repo, run.commit),
    )


def _unmasked(repo: Repository, run: StoredRun) -> Mapping[str, Value]:
    """The draft's params with the secrets that its own params files hold, so that they are masked again."""
    files = params_files_at(repo, run.commit, run.record.info.cwd)
    values = params.merged(files)
    masked = repo.redactor.knowing(values).params(values)
    assert isinstance(masked, Mapping)
    recorded = run.record.params
    secrets = {
        key: value
        for key, value in changes(masked, values).items()
        if value_at(masked, key) == value_at(recorded, key)
    }
    for key, value in secrets.items():
        recorded = put(recorded, key, value)
    return recorded


def _is_trusted(repo: Repository, run: StoredRun, command: Sequence[str], trust: bool) -> bool:
    """Whether filters may run as well; a draft of which only the user's word is known runs without them."""
    retry = shlex.join(("git", "exp", "run", "--draft", run.name, *(("--", *command) if command else ())))
    try:
        check_trusted(repo, run, False, retry=retry)
    except GitExpError:
        if not trust:
            raise
        return False
    return True


def _draft_of(repo: Repository, tip: StoredRun) -> StoredRun:
    """The run as it was when it was yet to be executed. Raises UsageError where it is not to be any more."""
    status = tip.record.info.status
    if status is Status.DRAFT:
        return tip
    if status in _UNFINISHED:
        oldest = load(repo, _oldest(repo, tip), tip.name)
        if oldest.record.info.status is Status.DRAFT:
            return oldest
    raise UsageError(f"run {tip.name!r} is {_state(tip)}, not a draft", hint=f"git exp show {tip.name}")


def _oldest(repo: Repository, run: StoredRun) -> Oid:
    return list(versions(repo.reader, run.commit, run.name))[-1]


def _origin(repo: Repository, draft: StoredRun, tip: StoredRun) -> Origin:
    """What the run goes on from; what an earlier attempt logged stays in it as abandoned rows."""
    if draft is not tip:
        return resume(repo, draft.commit, now=time.time())
    own = tip.commit if read_ref(repo.git, run_ref(tip.name)) else None
    return Origin(tip.name, tip.commit, True, draft.whole, {}, None, own)


def _labelled(info: RunInfo, by: RunInfo) -> RunInfo:
    """`info` with the labels that the run has now."""
    return replace(info, title=by.title, group=by.group, tags=by.tags, note=by.note, star=by.star)


def _state(run: StoredRun) -> str:
    status = run.record.info.status
    return "running" if not status.ended else "captured" if status is Status.CAPTURED else "run already"


@dataclass(frozen=True, slots=True)
class Against:
    """The result of a draft beside one of the runs that were merged."""

    name: str
    found: Comparison
    """The other, then the result."""


def against_parents(repo: Repository, text: str) -> list[Against]:
    """The metrics of a draft that was run, against those of each run that it was made of."""
    run = resolve(repo, text)
    new = side_of(run.whole)
    return [
        Against(
            one.name,
            compare([side_of(one.whole), new], goals=repo.settings.goals, everything=True),
        )
        for one in merged_runs(repo, run)
    ]
