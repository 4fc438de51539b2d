"""Executing a draft, and how what came out compares with the runs that were merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitexp.errors import UsageError
from gitexp.git.refs import read_ref, run_ref
from gitexp.model.record import Status
from gitexp.ops.compare import Comparison, compare, side_of
from gitexp.ops.continuing import Origin
from gitexp.ops.execute import Request, Source
from gitexp.ops.read import StoredRun, load
from gitexp.ops.resolve import resolve
from gitexp.ops.trust import check_trusted
from gitexp.ops.versions import parents_of, versions
from gitexp.repo import Repository


def draft_request(
    repo: Repository, text: str, command: Sequence[str], *, trust: bool, labels: Request
) -> Request:
    """How to execute a draft with its own command, or with another one; `labels` says the rest.

    Raises UsageError for what is no draft, GitExpError where it is not trusted, or as `resolve` does.
    """
    run = resolve(repo, text)
    info = run.record.info
    if info.status is not Status.DRAFT:
        raise UsageError(f"run {run.name!r} is {_state(run)}, not a draft", hint=f"git exp show {run.name}")
    check_run_trusted(repo, run, trust, retry=f"git exp run --draft {run.name}")
    chosen = tuple(command) or info.command
    if not chosen:
        raise UsageError(f"draft {run.name!r} has no command", hint=f"git exp run --draft {run.name} -- CMD")
    own = run.commit if read_ref(repo.git, run_ref(run.name)) else None
    return Request(
        chosen,
        group=labels.group,
        tags=labels.tags,
        note=labels.note,
        metrics_files=labels.metrics_files,
        outputs=labels.outputs,
        origin=Origin(run.name, run.commit, True, run.whole, {}, None, own),
        source=Source(run.commit, info.code, run.record.params, cwd=info.cwd),
    )


def _state(run: StoredRun) -> str:
    status = run.record.info.status
    return "running" if not status.ended else "captured" if status is Status.CAPTURED else "run already"


def check_run_trusted(repo: Repository, run: StoredRun, trust: bool, *, retry: str) -> None:
    """Raises GitExpError where a run, or one of those that went into it as a draft, must not be executed."""
    check_trusted(repo, run, trust, retry=retry)
    if not trust and run.record.info.status is Status.DRAFT:
        for one in merged_runs(repo, run):
            check_run_trusted(repo, one, trust, retry=retry)


def merged_runs(repo: Repository, run: StoredRun) -> list[StoredRun]:
    """The runs that a draft was made of, as they were then; they are there wherever the draft is."""
    oldest = list(versions(repo.reader, run.commit, run.name))[-1]
    parents = parents_of(repo.reader, oldest)
    return [load(repo, parent, parent) for parent in parents]


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
