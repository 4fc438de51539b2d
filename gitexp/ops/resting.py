"""What a person writes for a run that is only read: what `resolve` knows, or a commit that rests on one."""

from __future__ import annotations

import shlex

from gitexp.errors import Ambiguous, GitExpError, NotFound
from gitexp.git.refs import commit_of
from gitexp.model.names import slug_of
from gitexp.ops.evidence import Evidence, evidence_of, not_here, started_from
from gitexp.ops.read import Listing, StoredRun, list_all
from gitexp.ops.records import FOLDER
from gitexp.ops.resolve import ambiguous, called_so, resolve, short_of, tell_called_so
from gitexp.repo import Repository

_RECORDED = "git exp run -- CMD records one of the code as it is now"


def run_of(repo: Repository, text: str) -> StoredRun:
    """The run that `text` means; of a commit without a record the one that it rests on, which is remarked.

    Whoever changes runs asks `resolve`: what a branch rests on is another run tomorrow. Raises as that does,
    and Ambiguous where nothing tells which of several runs of a commit is meant.
    """
    found = run_or_evidence(repo, text)
    if not isinstance(found, Evidence):
        return found
    if len(found.foremost) > 1:
        raise ambiguous(text, [run.name for run in found.foremost])
    (run,) = found.foremost
    for sentence in [*of_missing(text, found), f"{text!r} stands for run {run.name!r}, {_why(text, found)}"]:
        repo.remark(sentence)
    return run


def run_or_evidence(repo: Repository, text: str) -> StoredRun | Evidence:
    """The run that `text` means; of a commit without a record all that it rests on, one run at least.

    Raises NotFound, Ambiguous, UsageError or BrokenRecord.
    """
    try:
        return resolve(repo, text)
    except Ambiguous:
        raise
    except NotFound as error:
        if not _is_without_record(repo, text):
            raise
        unrecorded = error
    listing = list_all(repo)
    found = evidence_of(repo, text, listing)
    if not found.runs:
        raise _nothing(repo, text, found, listing) from unrecorded
    return _called_so(repo, text, found) or found


def fitting_run(repo: Repository, text: str) -> StoredRun | None:
    """The run of exactly the code of the commit `text`, which is remarked; None where there is none."""
    found = evidence_of(repo, text, list_all(repo))
    if not found.runs or found.is_stale(found.runs[0]):
        return None
    called = _called_so(repo, text, found)
    if called is not None:
        return called
    repo.remark(f"{text!r} stands for run {found.runs[0].name!r}, {_why(text, found)}")
    return found.runs[0]


def _called_so(repo: Repository, text: str, found: Evidence) -> StoredRun | None:
    """The run of a branch's code that is called as the branch is; another that only begins so is remarked."""
    called = called_so(repo, text)
    if called is None:
        return None
    for run in found.foremost:
        if run.name == called and slug_of(called) == short_of(text) and not found.is_stale(run):
            return run
    tell_called_so(repo, text, ())
    return None


def of_missing(text: str, found: Evidence) -> list[str]:
    """What is to be told of runs that the commit names and that are not here."""
    errors = (not_here(name, text) for name in found.missing)
    return [f"{one.message}: {one.hint}" for one in errors]


def _is_without_record(repo: Repository, text: str) -> bool:
    commit = commit_of(repo.git, text)
    return commit is not None and repo.reader.resolve(commit, f"{FOLDER}/run.yaml") is None


def _nothing(repo: Repository, text: str, found: Evidence, listing: Listing) -> GitExpError:
    if found.missing:
        return not_here(found.missing[0], text)
    called = called_so(repo, text)
    if called is not None:
        told = f"{text!r} is a branch or tag that no run has the code of, and the beginning of run {called!r}"
        return NotFound(told, hint=called)
    near = next(iter(started_from(listing, found.commit)), None)
    hint = f"git exp show {near.name}: it started from there, with changes of its own" if near else _RECORDED
    return NotFound(f"{text!r} is a commit that names no run, and no run has its code", hint=hint)


def _why(text: str, found: Evidence) -> str:
    """Why the first run is meant, and where the others are."""
    run, *others = found.runs
    why = "which its message names" if run.name in found.named else "which has its code"
    stale = ", though of other code" if found.is_stale(run) else ""
    count = f"{len(others)} other run{'' if len(others) == 1 else 's'}"
    more = f" ({count}: git exp ls --commit {shlex.quote(text)})" if others else ""
    return why + stale + more
