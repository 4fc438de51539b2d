"""What is shown for what a person asks for: a run, or the best evidence of a commit that is no run's."""

from __future__ import annotations

from typing import NamedTuple

from gitexp.model.values import Oid
from gitexp.ops.evidence import Evidence, evidence_of
from gitexp.ops.examine import Examined, examine_run
from gitexp.ops.read import StoredRun, list_all
from gitexp.ops.resting import of_missing, run_or_evidence
from gitexp.ops.staleness import why_stale
from gitexp.repo import Repository

_TOLD = 5


class Meant(NamedTuple):
    """A run, and how it was come to."""

    run: StoredRun
    stale: str | None = None
    """Why its record does not speak for the code that was asked for; None where it does."""
    evidence_for: Oid | None = None
    """The commit that was asked for, where it is none of the run's own."""


def examine_any(repo: Repository, text: str) -> Examined:
    """The run that `find_any` finds, in full. Raises as that does."""
    found = find_any(repo, text)
    return examine_run(found.run, found.stale, found.evidence_for)


def find_any(repo: Repository, text: str) -> Meant:
    """The run that `text` means or that the commit `text` rests on; what else there is is remarked.

    Raises NotFound, Ambiguous, UsageError or BrokenRecord.
    """
    there = run_or_evidence(repo, text)
    if isinstance(there, Evidence):
        return _best(repo, text, there)
    stale = why_stale(there)
    own = stale is None or there.own
    return Meant(there, stale) if own else _of_its_code(repo, text, Meant(there, stale))


def _of_its_code(repo: Repository, text: str, there: Meant) -> Meant:
    """The best run of the commit's code; where there is none, the stale record that stands in it."""
    found = evidence_of(repo, there.run.commit, list_all(repo))
    if not found.runs or found.is_stale(found.runs[0]):
        return there
    repo.remark(f"the record in {text!r} is stale: it is that of run '{there.run.name}'")
    return _best(repo, text, found)


def _best(repo: Repository, text: str, found: Evidence) -> Meant:
    for sentence in _remarks(text, found):
        repo.remark(sentence)
    best = found.runs[0]
    stale = f"the code of {found.commit[:10]} is not the code that the metrics were made with"
    return Meant(best, stale if found.is_stale(best) else None, found.commit)


def _remarks(text: str, found: Evidence) -> list[str]:
    told = of_missing(text, found)
    others = found.runs[1:]
    if others:
        names = ", ".join(run.name + (" (stale)" if found.is_stale(run) else "") for run in others[:_TOLD])
        more = f" and {len(others) - _TOLD} more" if len(others) > _TOLD else ""
        told.append(f"{text!r} has {len(found.runs)} runs, the others are {names}{more}")
    return told
