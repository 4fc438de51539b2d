"""`git exp lineage`: the lineage of whatever a person names."""

from __future__ import annotations

from gitexp.errors import GitExpError
from gitexp.model.lineage import Lineage
from gitexp.ops.lineage.kinship import told_apart
from gitexp.ops.lineage.start import start_of
from gitexp.ops.lineage.traces import trace
from gitexp.ops.lineage.walk import walk
from gitexp.ops.read import StoredRun, list_all
from gitexp.repo import Repository


def find(
    repo: Repository, text: str, *, up: bool, down: bool, depth: int | None = None
) -> tuple[Lineage, dict[str, StoredRun]]:
    """What is above and below what `text` means, and the runs by their names.

    Raises NotFound, Ambiguous, UsageError, or OSError for a file that cannot be read.
    """
    listing = list_all(repo)
    runs = list(filter(_is_readable, listing.runs))
    if lost := len(listing.broken) + len(listing.runs) - len(runs):
        repo.remark(f"{lost} run{'s' if lost > 1 else ''} cannot be read: git exp ls")
    traces = trace(run.row for run in runs)
    found = walk(traces, start_of(repo, traces, text), up=up, down=down, depth=depth)
    named: dict[str, StoredRun] = {run.name: run for run in runs}
    return told_apart(found, named), named


def _is_readable(run: StoredRun) -> bool:
    """Whether the rest of the row is there: of a run that goes on it is made of its journal now."""
    try:
        return run.row is not None
    except GitExpError:
        return False
