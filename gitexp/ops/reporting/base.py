"""The run that a branch is held against: a baseline, or what there is for the commit that it started from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gitexp.errors import NotFound, UsageError
from gitexp.git.refs import commit_of, is_baseline
from gitexp.git.remotes import remote_names
from gitexp.model.names import BaselineName
from gitexp.model.values import Oid
from gitexp.ops.alike import likest
from gitexp.ops.baseline import resolve as baseline_run
from gitexp.ops.baseline_refs import baselines
from gitexp.ops.choose import is_run
from gitexp.ops.evidence import evidence_at, with_results
from gitexp.ops.forks import fork_of, tip_of
from gitexp.ops.read import Listing, StoredRun
from gitexp.ops.resolve import is_revision, resolve
from gitexp.repo import Repository

_MOST_BACK = 100
"""Commits that are looked at for a run; beyond them the code is too far away to tell anything."""


@dataclass(frozen=True, slots=True)
class Base:
    """What runs are held against."""

    run: StoredRun
    how: str
    """How it was found, in a few words; empty where it was named."""
    since: Oid | None
    """The commit from which on commits are the branch's; None where that is not known here."""
    others: tuple[StoredRun, ...] = ()
    """The other finished runs of the code that it is of, where that code was asked for."""
    note: str = ""
    """What a reader should know of the choice."""

    def for_runs(self, runs: Sequence[StoredRun]) -> Base:
        """The base with that of its runs which was told what the first of `runs` was."""
        if not self.others or not runs:
            return self
        names = {run.name for run in runs}
        chosen, note = likest([self.run, *(run for run in self.others if run.name not in names)], runs[0])
        return replace(self, run=chosen, others=(), note=note)


def find_base(repo: Repository, text: str, listing: Listing) -> Base:
    """What `text` means: a baseline, else a revision of git, else a run.

    Raises NotFound, Ambiguous, UsageError or BrokenRecord.
    """
    if not text or text.startswith("-") or "\0" in text or "\n" in text:
        raise UsageError(f"invalid base {text!r}", hint="git exp baseline list")
    if is_baseline(text) and BaselineName(text) in baselines(repo):
        fork = fork_of(repo, tip_of(repo, text))
        since = fork if fork != commit_of(repo.git, "HEAD") else None
        return Base(baseline_run(repo, text), f"baseline {text}", since)
    if is_run(repo, text) and not is_revision(repo, text):
        return Base(resolve(repo, text), "", None)
    tip = tip_of(repo, text)
    if tip is None:
        raise NotFound(f"no baseline, revision or run {text!r}", hint=_way(repo, text))
    return _of_history(repo, text, tip, listing)


def first_parents(repo: Repository, start: str, *, but: Oid | None = None) -> list[Oid]:
    """`start` and the commits before it, newest first, as far as this clone has them; not those of `but`."""
    without = [f"^{but}"] if but else []
    options = ("--first-parent", f"--max-count={_MOST_BACK}", "--end-of-options")
    result = repo.git.run("rev-list", *options, start, *without, check=False)
    return [Oid(line) for line in result.lines] if result.code == 0 else []


def _of_history(repo: Repository, text: str, tip: Oid, listing: Listing) -> Base:
    """The run of the commit that HEAD has branched off from, or of the nearest one before it that has any."""
    fork = fork_of(repo, tip)
    where = f"where HEAD has branched off from {text}" if fork else text
    start = fork or tip
    before = commit_of(repo.git, "HEAD^") if start == commit_of(repo.git, "HEAD") else None
    if before is not None:
        start, where = before, "the one before HEAD"
    for back, commit in enumerate(first_parents(repo, start)):
        found = evidence_at(repo, commit, listing)
        runs = with_results(run for run in found.runs if not found.is_stale(run))
        if runs:
            how = f"{commit[:10]}, {_before(back)}{where}"
            return Base(runs[0], how, start, tuple(runs[1:]))
    raise NotFound(f"no finished run of {start[:10]}, {where}, or of those before it", hint="git exp fetch")


def _before(back: int) -> str:
    return f"{back} commit{'' if back == 1 else 's'} before the one " if back else ""


def _way(repo: Repository, text: str) -> str:
    remotes = remote_names(repo.config)
    if not remotes:
        return f"git exp baseline set {text if is_baseline(text) else 'main'} RUN"
    remote = "origin" if "origin" in remotes else remotes[0]
    branch = text.removeprefix(f"{remote}/")
    into = f"refs/remotes/{remote}/{branch}"
    return f"git exp baseline fetch {remote}, or git fetch --depth=1 {remote} {branch}:{into}"
