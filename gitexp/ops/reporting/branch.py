"""The runs of a branch: those of the code that is checked out, else of its latest commit that has any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitexp.errors import NotFound
from gitexp.git.refs import commit_of
from gitexp.model.values import Oid
from gitexp.ops.evidence import Evidence, evidence_at, not_here, started_from, with_results
from gitexp.ops.read import Listing, StoredRun
from gitexp.ops.reporting.base import Base, first_parents
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Candidates:
    """What is held against the base."""

    runs: Sequence[StoredRun]
    """The best evidence first."""
    notes: Sequence[str] = ()
    """What a reader should know of the choice."""


def runs_of_branch(repo: Repository, base: Base, listing: Listing) -> Candidates:
    """The finished runs of HEAD, those of exactly its code first; else of the nearest commit before it.

    Raises NotFound where the branch has none.
    """
    if commit_of(repo.git, "HEAD") is None:
        raise NotFound("there is no commit yet whose runs could be reported", hint="git exp report RUN")
    commits = first_parents(repo, "HEAD", but=base.since)
    missing: list[NotFound] = []
    is_base = False
    for back, commit in enumerate(commits or first_parents(repo, "HEAD")[:1]):
        evidence = evidence_at(repo, commit, listing)
        every = list(_of_commit(commit, evidence, listing))
        runs = [run for run in every if run.name != base.run.name]
        is_base = is_base or len(runs) < len(every)
        found = with_results(runs)
        if found:
            return Candidates(found, list(_notes(commit, back, runs, evidence)))
        missing += [not_here(name, commit[:10]) for name in evidence.missing]
    if missing:
        raise missing[0]
    if is_base:
        told = f"the one finished run of this branch is the base itself: {base.run.name}"
        raise NotFound(told, hint="git exp run -- CMD, or git exp report RUN")
    hint = "git exp fetch" if not listing.runs else "git exp run -- CMD, or git exp report RUN"
    raise NotFound("no finished run belongs to a commit of this branch", hint=hint)


def _of_commit(commit: Oid, evidence: Evidence, listing: Listing) -> list[StoredRun]:
    """Those of its code or named by it, then those that started from it with changes of their own."""
    names = {run.name for run in evidence.runs}
    return [*evidence.runs, *(run for run in started_from(listing, commit) if run.name not in names)]


def _notes(commit: Oid, back: int, runs: Sequence[StoredRun], evidence: Evidence) -> Iterator[str]:
    if back:
        commits = f"{back} commit{'' if back == 1 else 's'}"
        yield f"the runs are of commit {commit[:10]}, {commits} before HEAD: the code has changed since"
    other = [run.name for run in with_results(runs) if evidence.is_stale(run)]
    if other:
        yield f"not exactly the code of {commit[:10]}: {', '.join(other)}"
    left = [f"{run.name} ({run.head.status})" for run in runs if run not in with_results(runs)]
    if left:
        yield f"not finished: {', '.join(left)}"
