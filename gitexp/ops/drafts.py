"""What a draft was made of."""

from __future__ import annotations

from gitexp.ops.read import StoredRun, load
from gitexp.ops.versions import parents_of, versions
from gitexp.repo import Repository


def merged_runs(repo: Repository, run: StoredRun) -> list[StoredRun]:
    """The runs that a draft was made of, as they were then; they are there wherever the draft is."""
    oldest = list(versions(repo.reader, run.commit, run.name))[-1]
    return [load(repo, parent, parent) for parent in parents_of(repo.reader, oldest)]
