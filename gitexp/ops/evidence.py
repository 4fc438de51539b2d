"""The runs that a commit rests on: those that its message names, and those of exactly its code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gitexp.errors import NotFound, UsageError
from gitexp.formats.trailers import named
from gitexp.git.refs import commit_of
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops.read import Listing, StoredRun
from gitexp.repo import Repository

_BEST = ("finished", "running", "captured")
"""Then come those that failed, and drafts last: they have not been run."""
RESULTS = ("finished", "captured")
"""How runs stand whose metrics are the whole of what they had to say."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What there is for one commit."""

    commit: Oid
    code: Oid
    """Its code tree."""
    runs: tuple[StoredRun, ...]
    """Those of its code first, of them the finished ones, of them those that it names; the newest first."""
    missing: tuple[RunName, ...]
    """Runs that it names and that are not here."""
    fitting: frozenset[RunName] = frozenset()
    """Those of exactly its code, and those that it names and whose code it has but for what they wrote."""
    named: tuple[RunName, ...] = ()
    """Those that its message names."""

    def among(self, runs: Iterable[StoredRun]) -> list[StoredRun]:
        """Those of `runs` that it has, in their order."""
        names = {run.name for run in self.runs}
        return [run for run in runs if run.name in names]

    @property
    def stale(self) -> frozenset[RunName]:
        """The names of those that are of other code."""
        return frozenset(run.name for run in self.runs if self.is_stale(run))

    @property
    def foremost(self) -> list[StoredRun]:
        """The first of its runs, and those before which it comes by its time alone."""
        return [run for run in self.runs if self._place(run) == self._place(self.runs[0])]

    def is_stale(self, run: StoredRun) -> bool:
        """Whether the run is of other code than the commit's."""
        return run.name not in self.fitting

    def _place(self, run: StoredRun) -> tuple[bool, int, bool]:
        return self.is_stale(run), _rank(run.head.status), run.name not in self.named


def evidence_of(repo: Repository, revision: str, listing: Listing) -> Evidence:
    """Raises NotFound where `revision` is no commit, UsageError where it cannot be one."""
    if not revision or revision.startswith("-") or "\0" in revision or "\n" in revision:
        raise UsageError(f"invalid revision {revision!r}", hint="git log --oneline")
    commit = commit_of(repo.git, revision)
    if commit is None:
        raise NotFound(f"{revision!r} is not a commit", hint="git log --oneline")
    return evidence_at(repo, commit, listing)


def evidence_at(repo: Repository, commit: Oid, listing: Listing) -> Evidence:
    """As `evidence_of`, for a commit that is here. A record that claims code which its run has not counts as
    of other code, and only where the commit names it."""
    from gitexp.ops.alike import speaking_for  # heavy, and nothing to those who only rank runs
    from gitexp.ops.staleness import code_tree, speaks
    from gitexp.ops.written import having_written

    names = named(repo.reader.read(commit)[1].partition(b"\n\n")[2])
    tree = code_tree(repo, commit)
    here = {run.name: run for run in listing.runs if run.name in names}
    fitting_now = speaking_for(repo, tree, listing)
    exact = {run.name: run for run in fitting_now if run.info.knows_code or run.name in names}
    others = [run for run in here.values() if run.name not in exact and speaks(run)]
    broken = {name for name, _ in listing.broken}
    missing = tuple(name for name in names if name not in here and name not in broken)
    fitting = frozenset(exact) | having_written(repo, commit, others)
    evidence = Evidence(commit, tree, (), missing, fitting, names)
    runs = best_first({**exact, **here}.values())
    return replace(evidence, runs=tuple(sorted(runs, key=evidence._place)))


def started_from(listing: Listing, commit: Oid) -> list[StoredRun]:
    """The runs that began at a commit, whatever changes of their own they had, the best first."""
    found = listing.tails.find(commit) if listing.tails else set()
    runs = (run for run in listing.runs if (run.name, run.commit) in found)
    return best_first(run for run in runs if run.info.code.base == commit)


def with_results(runs: Iterable[StoredRun]) -> list[StoredRun]:
    """Those that came to their end, in their order."""
    return [run for run in runs if run.head.status in RESULTS]


def not_here(name: RunName, revision: str) -> NotFound:
    """The error for a run that a commit names."""
    return NotFound(f"run {name!r}, which {revision!r} names, is not here", hint="git exp fetch")


def best_first(runs: Iterable[StoredRun]) -> list[StoredRun]:
    """The finished ones, then what else has results; among equals the newest first."""
    newest = sorted(runs, key=lambda run: (run.head.started, run.name), reverse=True)
    return sorted(newest, key=lambda run: _rank(run.head.status))


def _rank(status: str) -> int:
    if status == "draft":
        return len(_BEST) + 1
    return _BEST.index(status) if status in _BEST else len(_BEST)
