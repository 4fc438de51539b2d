"""The runs that a push takes where none are named."""

from __future__ import annotations

from gitexp.git.refs import ARCHIVE, list_runs, ref_values
from gitexp.ops.read import Listing, StoredRun, list_all
from gitexp.repo import Repository


def ended_runs(repo: Repository, listing: Listing | None = None, *, running: bool = False) -> list[StoredRun]:
    """Every run of a ref of its own that has ended, and with `running` the others."""
    listing = list_all(repo) if listing is None else listing
    found = [run for run in listing.runs if running or run.head.status != "running"]
    if not ref_values(repo.git, [ARCHIVE]):
        return found
    # What an archive holds goes with the archive.
    living = {name for name, _ in list_runs(repo.git).runs}
    return [run for run in found if run.name in living]
