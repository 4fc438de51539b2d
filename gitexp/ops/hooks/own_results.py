"""The run whose results are committed: it wrote them after its code was recorded, so that lacks them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitexp.capture.snapshot import Snapshot
from gitexp.model.record import Status
from gitexp.model.values import same
from gitexp.ops.code_diff import changed_paths
from gitexp.ops.first_params import began_with
from gitexp.ops.hooks.known_runs import runs_from
from gitexp.ops.hooks.staged_files import StagedFiles
from gitexp.ops.read import StoredRun
from gitexp.ops.staleness import altered_in
from gitexp.repo import Repository

_LATEST = 5
"""Runs that are looked at; who commits results commits those of a late one."""


def run_of_results(
    repo: Repository, taken: Snapshot, files: StagedFiles, params: Mapping[str, Any]
) -> StoredRun | None:
    """The newest finished run from HEAD that differs from what is staged in its metrics files alone.

    They say what the run has. Raises BrokenFile, GitExpError.
    """
    paths = set(files.metrics_files())
    if not paths or taken.base is None:
        return None
    metrics = files.read_results().metrics
    for run in runs_from(repo, taken.base)[:_LATEST]:
        own = run.record.metrics
        if run.head.status != Status.FINISHED.value or altered_in(run) or not began_with(run, params):
            continue
        if any(key not in own or not same(own[key], value) for key, value in metrics.items()):
            continue
        changed = changed_paths(repo.git, run.commit, taken.tree, inside=taken.inside)
        if changed is not None and changed <= paths:
            return run
    return None
