"""Going on from a run or a checkpoint: under the same name (resume) or as a run of its own (fork)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gitexp.errors import UsageError
from gitexp.git.refs import read_ref, run_ref
from gitexp.model.names import RunName
from gitexp.model.record import Record, Resumption, Status
from gitexp.model.times import format_time
from gitexp.model.values import Oid
from gitexp.ops.read import StoredRun, load
from gitexp.ops.record_folder import INHERITED
from gitexp.ops.recorded import recorded_blobs
from gitexp.ops.recover import sweep
from gitexp.ops.resolve import resolve
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a continued run comes from."""

    name: RunName
    commit: Oid
    """The tip of the run when it is resumed, the chosen commit when it is forked."""
    resume: bool
    record: Record
    """The record to build on: that of the chosen commit."""
    blobs: Mapping[str, Oid]
    """Series chunks and artifacts that are taken over, by their path below `.exp/`."""
    resumption: Resumption | None
    ref: Oid | None = None
    """What the ref of a run that is resumed points to; None where only an archive holds the run."""

    def parents(self, base: Oid | None) -> tuple[Oid, ...]:
        """Parents of the continuing commit."""
        return (self.commit,) if self.resume or base is None else (base, self.commit)


def resume(repo: Repository, text: str, *, now: float) -> Origin:
    """The origin for taking a run up again from its tip, or from a checkpoint of it given as commit.

    Rows that were logged after that checkpoint stay in the series as abandoned ones. Raises NotFound.
    """
    sweep(repo)
    chosen = resolve(repo, text)
    tip = resolve(repo, chosen.name)
    _check_executed(tip)
    if tip.record.info.status.ended is False and repo.live(tip.name).alive():
        raise UsageError(f"run {tip.name!r} is still running", hint=f"git exp run --fork {tip.name} -- CMD")
    kept = len(load(repo, chosen.commit, chosen.name).history())
    rows = kept if chosen.commit == tip.commit else len(tip.history())
    resumption = Resumption(format_time(now), chosen.commit, kept, rows)
    own = tip.commit if read_ref(repo.git, run_ref(tip.name)) else None
    return Origin(tip.name, tip.commit, True, chosen.whole, _inherited(repo, tip), resumption, own)


def fork(repo: Repository, text: str) -> Origin:
    """The origin for a new run that begins with what another one had at that point. Raises NotFound."""
    chosen = resolve(repo, text)
    _check_executed(chosen)
    return Origin(chosen.name, chosen.commit, False, chosen.whole, _inherited(repo, chosen), None)


def _check_executed(run: StoredRun) -> None:
    """Raises UsageError where there is nothing yet to go on from."""
    if run.record.info.status is Status.DRAFT:
        raise UsageError(
            f"run {run.name!r} is a draft: it was not run yet", hint=f"git exp run --draft {run.name}"
        )


def _inherited(repo: Repository, run: StoredRun) -> dict[str, Oid]:
    blobs = recorded_blobs(repo.reader, run.commit)
    return {path: oid for path, oid in blobs.items() if path.startswith(INHERITED)}
