"""Whose rules hold where the baseline is looked for among all runs: a branch may have made it itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gitexp.errors import UsageError
from gitexp.git.remotes import remote_names
from gitexp.model.values import Oid
from gitexp.ops.baseline import resolve as baseline_run
from gitexp.ops.baseline_refs import baselines
from gitexp.ops.evaluations.reading import briefs
from gitexp.ops.forks import fork_of, tip_of
from gitexp.ops.read import StoredRun
from gitexp.repo import Repository

MAIN = "main"
"""The baseline that runs are held against where none is named."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Who has the say."""

    commit: Oid
    """Whose `.gitexp.yaml` holds."""
    told: str
    run: StoredRun | None = None
    """What is held to be good there, if anything is."""


def authority(repo: Repository) -> Authority:
    """The baseline MAIN, else the commit that HEAD and the branch of everybody have in common.

    Raises UsageError where there is neither.
    """
    if MAIN in baselines(repo):
        run = baseline_run(repo, MAIN)
        return Authority(run.commit, f"baseline {MAIN!r}", run)
    for branch in _branches(repo):
        commit = fork_of(repo, tip_of(repo, branch))
        if commit is not None:
            return Authority(commit, f"{commit[:10]}, which HEAD has in common with {branch!r}")
    raise UsageError(
        f"whose rules hold is not known: there is no baseline {MAIN!r}, and no branch that HEAD came from",
        hint=f"git exp baseline set {MAIN} RUN",
    )


def _branches(repo: Repository) -> list[str]:
    """What may be the branch of everybody: that of a remote first, as it was reviewed."""
    own = repo.config.get("init.defaultBranch")
    return [*(f"{remote}/HEAD" for remote in remote_names(repo.config)), *filter(None, [own]), MAIN, "master"]


def direction(found: Authority, runs: Iterable[StoredRun], metric: str | None) -> str | None:
    """Which way the metric of a suite is better: the authority's run says it, else all that have it.

    None where nobody does, or where they do not agree.
    """
    suite, slash, name = (metric or "").partition("/")
    if not slash:
        return None
    having = [found.run] if found.run else (run for run in runs if metric in run.record.metrics)
    told: set[str] = set()
    for run in having:
        metas = (one.meta for one in briefs(run) if one.meta.suite == suite)
        told |= {
            one.direction.value for meta in metas for one in meta.metrics if one.name == name and one.directed
        }
        if len(told) > 1:
            return None
    return told.pop() if told else None
