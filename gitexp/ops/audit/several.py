"""The completeness of many runs: one result for each, whatever is wrong with the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitexp.errors import GitExpError, UsageError
from gitexp.model.completeness import Completeness
from gitexp.model.values import Oid
from gitexp.ops import audit
from gitexp.ops.alike import Finished
from gitexp.ops.makers import Makers
from gitexp.ops.read import list_all
from gitexp.ops.select import Selection
from gitexp.ops.showing import Meant, find_any
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Audited:
    """What was found out about one run."""

    name: str
    """What was asked for, where no run was found."""
    commit: Oid | None = None
    completeness: Completeness | None = None
    error: GitExpError | None = None
    """Why it could not be found out; then the others are None."""


def audit_each(
    repo: Repository, texts: Sequence[str], query: str | None = None, *, remote: bool = False
) -> list[Audited]:
    """The runs that `texts` mean, or that `query` asks for, or the latest one.

    Raises UsageError where both are given, QueryError.
    """
    if query is not None and texts:
        raise UsageError("runs are given by name and by --where", hint="use one of them")
    if query is None and len(texts) < 2:
        return [_asked(repo, text, None, None, remote) for text in texts or ("@",)]
    listing = list_all(repo)
    makers = Makers(repo)
    finished = Finished(repo, listing)
    if query is None:
        return [_asked(repo, text, finished, makers, remote) for text in texts]
    runs = Selection(query).of(listing.runs)
    return [_audited(repo, Meant(run), finished, makers, remote) for run in runs]


def _asked(
    repo: Repository, text: str, finished: Finished | None, makers: Makers | None, remote: bool
) -> Audited:
    try:
        found = find_any(repo, text)
    except GitExpError as error:
        return Audited(text, error=error)
    return _audited(repo, found, finished, makers, remote)


def _audited(
    repo: Repository, found: Meant, finished: Finished | None, makers: Makers | None, remote: bool
) -> Audited:
    # By the name alone nothing is known yet.
    stale = True if found.stale is not None else None
    try:
        of = audit.of(repo, found.run, remote=remote, stale=stale, finished=finished, makers=makers)
    except GitExpError as error:
        return Audited(found.run.name, found.run.commit, error=error)
    return Audited(found.run.name, found.run.commit, of)
