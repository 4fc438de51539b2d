"""Which runs others are held against, for all who only look; `ops.baseline` moves them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from gitexp.errors import GitExpError
from gitexp.git.refs import BASELINE, is_baseline, ref_values
from gitexp.model.names import BaselineName
from gitexp.model.values import Oid
from gitexp.ops.read import StoredRun
from gitexp.repo import Repository


def baselines(repo: Repository) -> dict[BaselineName, Oid]:
    """Every baseline by its name, in the order of names. One git process."""
    pairs = ((ref.removeprefix(BASELINE), oid) for ref, oid in ref_values(repo.git, [BASELINE]).items())
    return {BaselineName(name): oid for name, oid in pairs if is_baseline(name)}


def baselines_of(
    repo: Repository,
    commits: Mapping[BaselineName, Oid] | None = None,
    runs: Iterable[StoredRun] = (),
) -> dict[str, list[str]]:
    """Which baselines each run is, by the run's name; those of `commits`, or all.

    For a commit of one of `runs` nothing is read from git.
    """
    wanted = baselines(repo) if commits is None else commits
    tips = {run.commit: run.name for run in runs} if wanted else {}
    found: dict[str, list[str]] = {}
    for name, commit in wanted.items():
        run = tips.get(commit) or _run_of(repo, name, commit)
        if run is not None:
            found.setdefault(run, []).append(name)
    return found


def _run_of(repo: Repository, name: BaselineName, commit: Oid) -> str | None:
    """The run whose commit it is; None for what marks no run that is here."""
    from gitexp.ops.versions import read_info  # most baselines are the ends of runs that are listed

    with suppress(GitExpError):
        return read_info(repo.reader, commit, name).name
    return None
