"""The two runs of a gate: the one that is asked about, and the one that it is held against."""

from __future__ import annotations

import re
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from gitexp.errors import Ambiguous, NotFound, UsageError
from gitexp.git.refs import commit_of
from gitexp.git.remotes import remote_names
from gitexp.model.values import Oid
from gitexp.ops.alike import likest
from gitexp.ops.archive.names import all_runs
from gitexp.ops.baseline import resolve as baseline_run
from gitexp.ops.baseline_refs import baselines
from gitexp.ops.best import best
from gitexp.ops.committed import settings_at
from gitexp.ops.evidence import RESULTS, Evidence, evidence_of, not_here, started_from, with_results
from gitexp.ops.forks import fork_of, tip_of
from gitexp.ops.gating.authority import MAIN, authority, direction
from gitexp.ops.hooks.known_runs import runs_from
from gitexp.ops.read import Listing, StoredRun, list_all
from gitexp.ops.resolve import RECENT, baseline_in, metric_in, resolve, short_of
from gitexp.ops.staleness import code_tree, speaks, why_stale
from gitexp.repo import Repository

HEAD = "HEAD"
_RECORDED = "git exp run -- CMD records one, and git exp gate RUN names another"
_At: TypeAlias = Callable[[Repository, str, Listing, str], StoredRun]
_WHOLE_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Against:
    """The baseline."""

    run: StoredRun
    told: str
    """How it was found, for people."""
    settings: Oid
    """The commit whose `.gitexp.yaml` holds."""


def asked_run(repo: Repository, text: str | None) -> StoredRun:
    """The run that `text` means, or that of the code as it is now. Raises NotFound, Ambiguous, UsageError."""
    if text is not None:
        return _against(repo, text, _of_code).run
    listing = list_all(repo)
    tree = _working_tree(repo, listing)
    found = _first(listing.with_code(tree)) if tree is not None else None
    return found or _of_head(repo, listing, tree)


def baseline(repo: Repository, text: str | None, new: StoredRun, metric: str | None) -> Against:
    """What `text` means: a baseline, `best`, `last:TAG`, `merge-base:REV`, a run, or a revision.

    Without one it is the baseline MAIN, if there is one. `metric` is what `best` goes by.
    Raises NotFound, Ambiguous, UsageError, BrokenRecord.
    """
    known = baselines(repo)
    if text is None and MAIN not in known:
        raise NotFound(
            f"what to hold the run against is not said, and there is no baseline {MAIN!r}",
            hint=f"git exp gate --baseline merge-base:{MAIN}, or git exp baseline set {MAIN} RUN",
        )
    text = text or MAIN
    named = baseline_in(text) or (text if text in known else None)
    if named is not None:
        run = _fresh(baseline_run(repo, named))
        return Against(run, f"baseline {named!r}", run.commit)
    word, _, rest = text.partition(":")
    if word == "best":
        return _best(repo, metric_in(text) or metric, new)
    if word == "last" and rest:
        return _last(repo, rest, new)
    if word == "merge-base" and rest:
        return _merge_base(repo, rest, new)
    if _WHOLE_ID.fullmatch(text) and commit_of(repo.git, text) is None:
        return _absent_commit(repo, Oid(text))
    return _against(repo, text, partial(_at, new))


def _against(repo: Repository, text: str, at: _At) -> Against:
    """The run `text`, or the one that `at` finds for the revision."""
    missing: NotFound | None = None
    try:
        found = resolve(repo, text)
    except Ambiguous:
        raise
    except NotFound as error:
        missing = error
    else:
        # What git has brought beside other code is nothing to go by; there may be a run of that code.
        is_meant = _is_itself(repo, found) or (found.head.status in RESULTS and speaks(found))
        if is_meant and not _is_begun(repo, text, found):
            return Against(_fresh(found), f"run {text!r}", found.commit)
    commit = tip_of(repo, text)
    if commit is None:
        raise missing or NotFound(f"no run matches {text!r}", hint="git exp ls")
    return Against(at(repo, commit, list_all(repo), text), f"revision {text!r}", commit)


def _is_begun(repo: Repository, text: str, found: StoredRun) -> bool:
    """Whether `text` is a revision, here or on a remote, and no more than the beginning of the run's name."""
    short = short_of(text)
    begun = found.name.startswith(short) and found.name != short and not RECENT.fullmatch(text)
    return begun and tip_of(repo, text) is not None


def _is_itself(repo: Repository, found: StoredRun) -> bool:
    """Whether the run was meant, and not a commit that has its record: git may have merged that there."""
    return found.own or all_runs(repo, found.name).get(found.name) == found.commit


def _fresh(run: StoredRun) -> StoredRun:
    """`run`, if its results may be gone by."""
    status = run.record.info.status
    if status.value not in RESULTS:
        raise NotFound(
            f"run {run.name!r} cannot be compared: its status is {status.value}",
            hint=f"git exp show {run.name}",
        )
    why = why_stale(run)
    if why is not None:
        raise NotFound(f"run {run.name!r} cannot be compared: {why}", hint=f"git exp show {run.name}")
    return run


def _first(runs: Iterable[StoredRun]) -> StoredRun | None:
    """The first that came to its end and whose record speaks for the code beside it."""
    return next(filter(speaks, with_results(runs)), None)


def _at(new: StoredRun, repo: Repository, revision: str, listing: Listing, told: str = "") -> StoredRun:
    """The run that the baseline's commit rests on: of its code, finished, told what `new` was, the newest.

    Without any it is one that its message names: an imported run has no code, and that of a branch which was
    squashed has other code. `told` is what was typed for `revision`.
    """
    found = evidence_of(repo, revision, listing)
    exact = [run for run in with_results(found.runs) if not found.is_stale(run)]
    if exact:
        run, note = likest(exact, new)
        if note:
            repo.remark(note)
        return run
    stale = _first(found.runs)
    if stale is None:
        raise _nothing_at(found, told or revision, hint="git exp fetch")
    repo.remark(f"run {stale.name!r}, which {told or revision[:10]!r} names, is not of exactly its code")
    return stale


def _of_head(repo: Repository, listing: Listing, tree: Oid | None) -> StoredRun:
    """The run of exactly HEAD's code; `tree` is the code as it lies here, where that is known."""
    head = commit_of(repo.git, HEAD)
    if head is None:
        raise NotFound("no run of the code as it is now, and no commit yet", hint=_RECORDED)
    run = _of_code(repo, HEAD, listing)
    # Not that of the run: results that it wrote may have been committed since.
    if tree not in (None, code_tree(repo, head)):
        repo.remark(f"run {run.name!r} is of HEAD: what is not committed here is not in it")
    return run


def _of_code(repo: Repository, revision: str, listing: Listing, told: str = "") -> StoredRun:
    """The run of exactly that commit's code: whom a branch names says nothing of what it does.

    `told` is what was typed for `revision`.
    """
    found = evidence_of(repo, revision, listing)
    runs = with_results(run for run in found.runs if not found.is_stale(run))
    if not runs:
        raise _nothing_at(found, told or revision, hint=_changed(listing, found.commit) or _RECORDED)
    return runs[0]


def _changed(listing: Listing, commit: Oid) -> str | None:
    """The way to the run of `commit` that had changes of its own: files that were not committed."""
    run = next(iter(with_results(started_from(listing, commit))), None)
    return f"git exp gate {run.name}, which started from it with changes of its own" if run else None


def _nothing_at(found: Evidence, told: str, *, hint: str) -> NotFound:
    if found.missing:
        return not_here(found.missing[0], told)
    return NotFound(f"no finished run of the code of {told!r} ({found.commit[:10]})", hint=hint)


def _working_tree(repo: Repository, listing: Listing) -> Oid | None:
    """The code tree of the files as they lie here; None where there are none, or no run that could be it."""
    if repo.layout.top is None or not listing.runs:
        return None
    from gitexp.ops.begin import working_tree

    folder = Path(tempfile.mkdtemp(prefix="gitexp-"))
    try:
        return working_tree(repo, folder / "objects").tree
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _best(repo: Repository, metric: str | None, new: StoredRun) -> Against:
    others = [run for run in list_all(repo).runs if run.name != new.name]
    holds = authority(repo)
    goals = settings_at(repo, holds.commit).goals
    found = best(repo, others, metric, direction(holds, others, metric), goals)
    return Against(_fresh(found.run), f"{found.how}; rules of {holds.told}", holds.commit)


def _last(repo: Repository, tag: str, new: StoredRun) -> Against:
    tagged = (run for run in list_all(repo).runs if run.name != new.name and tag in run.info.tags)
    run = _first(tagged)
    if run is None:
        raise NotFound(f"no other finished run has the tag {tag!r}", hint=f"git exp tag RUN {tag}")
    holds = authority(repo)
    return Against(run, f"the last run with tag {tag!r}; rules of {holds.told}", holds.commit)


def _merge_base(repo: Repository, revision: str, new: StoredRun) -> Against:
    """The run of the commit that HEAD has branched off from."""
    if revision.startswith("-"):
        raise UsageError(f"invalid revision {revision!r}", hint="git branch --all")
    tip = tip_of(repo, revision)
    if tip is None:
        remote = _remote(repo)
        refs = f"refs/heads/{revision}:refs/remotes/{remote}/{revision}"
        hint = shlex.join(["git", "fetch", remote, refs])
        raise NotFound(f"{revision!r} is not in this clone", hint=hint)
    commit = fork_of(repo, tip)
    if commit is None:
        raise NotFound(f"HEAD and {revision!r} have no common commit in this clone", hint=_deepen(repo))
    told = f"merge base of HEAD and {revision!r}, {commit[:10]}"
    return Against(_at(new, repo, commit, list_all(repo)), told, commit)


def _deepen(repo: Repository) -> str:
    return f"git fetch --unshallow {_remote(repo)}" if repo.layout.shallow else "git log --oneline --all"


def _remote(repo: Repository) -> str:
    names = remote_names(repo.config)
    return names[0] if names and "origin" not in names else "origin"


def _absent_commit(repo: Repository, commit: Oid) -> Against:
    """The run of a commit that a shallow clone lacks: runs tell what they started from."""
    found = (run for run in runs_from(repo, commit) if not run.info.code.dirty)
    run = _first(found)
    if run is None:
        raise NotFound(
            f"commit {commit[:10]} is not in this clone, nor a finished run of it",
            hint=f"git exp fetch, or {_deepen(repo)}" if repo.layout.shallow else "git exp fetch",
        )
    return Against(run, f"commit {commit[:10]}", run.commit)
