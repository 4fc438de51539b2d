"""Runs whose code a commit has but for the results that they wrote."""

from __future__ import annotations

from collections.abc import Sequence

from gitexp.errors import GitExpError
from gitexp.formats.settings import FILE
from gitexp.model.files import METRICS_FILES
from gitexp.model.names import RunName
from gitexp.model.values import Oid, Scalar, same
from gitexp.ops.code_diff import changed_paths_of_each
from gitexp.ops.committed import settings_at
from gitexp.ops.read import StoredRun
from gitexp.repo import Repository


def having_written(repo: Repository, commit: Oid, runs: Sequence[StoredRun]) -> frozenset[RunName]:
    """The names of those that wrote all that `commit` has otherwise than their code.

    Which files are a run's results is told by the run: the commit is what is judged. And they have to say
    what the run came to, as whatever else stands in them others may read as code or params.
    """
    if not runs:
        return frozenset()
    differing = changed_paths_of_each(repo.git, commit, [run.commit for run in runs])
    return frozenset(
        run.name
        for run, paths in zip(runs, differing, strict=True)
        if paths and paths <= _metrics_files(repo, run) and _are_of(repo, commit, sorted(paths), run)
    )


def _metrics_files(repo: Repository, run: StoredRun) -> set[str]:
    """Those that the run was told of, else those of its project, else those that are looked for."""
    told = run.info.results.metrics
    try:
        return {*(told or settings_at(repo, run.commit).metrics or METRICS_FILES)} - {FILE}
    except GitExpError:
        return set()


def _are_of(repo: Repository, commit: Oid, paths: Sequence[str], run: StoredRun) -> bool:
    """Whether each file is there, and says of metrics what the run does."""
    own = run.record.metrics
    for path, data in zip(paths, repo.reader.blobs([(commit, path) for path in paths]), strict=True):
        values = _said(path, data) if data is not None else {}
        if not values or any(key not in own or not same(own[key], value) for key, value in values.items()):
            return False
    return True


def _said(path: str, data: bytes) -> dict[str, Scalar]:
    """The metrics in a file, of a series the last ones; none where it is no such file."""
    from gitexp.formats import results  # hardly ever is there one

    try:
        if not path.endswith(results.SERIES_SUFFIXES):
            return results.metrics(path, data)
        return {name: value for row in results.series(path, data) for name, value in row.values.items()}
    except GitExpError:
        return {}
