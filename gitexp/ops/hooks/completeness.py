"""Whether what a commit stands on is as complete as the project asks for: `audit` in `.gitexp.yaml`."""

from __future__ import annotations

from gitexp.capture.snapshot import Snapshot
from gitexp.errors import GitExpError
from gitexp.git.reader import open_reader
from gitexp.model.completeness import Level, assess
from gitexp.ops import audit
from gitexp.ops.audit.fields import Facts, fields_of
from gitexp.ops.audit.shortfall import shortfall
from gitexp.ops.audit.whereabouts import Whereabouts
from gitexp.ops.hooks.recorded_state import state_of
from gitexp.ops.hooks.staged_files import StagedFiles
from gitexp.ops.read import StoredRun
from gitexp.repo import Repository


def of_run(repo: Repository, run: StoredRun) -> GitExpError | None:
    """Why a run falls short of it. Raises BrokenRecord or NotFound."""
    least = repo.settings.audit.min
    # A commit waits: all runs are looked at only where that decides.
    again = least is not None and least.level is Level.E4
    return shortfall(f"run {run.name!r}", audit.of(repo, run, among_all=again), least)


def of_state(repo: Repository, taken: Snapshot, files: StagedFiles) -> GitExpError | None:
    """Why what is staged falls short of it; nothing is recorded. Raises BrokenFile."""
    record, _ = state_of(repo, taken, files)
    # What is staged is not in the repository yet.
    with open_reader(repo.git.within(taken.inside), repo.layout, "git") as reader:
        place = Whereabouts(repo, taken.tree, reader)
        facts = Facts(record, place.kept, require=repo.settings.audit.require)
        found = audit.with_mends(repo, assess(fields_of(facts)), record)
    return shortfall("what is committed", found, repo.settings.audit.min)
