"""What `git exp fetch` and `git exp pull` do, and how they tell of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.errors import GitExpError
    from gitexp.git.remotes import Remote
    from gitexp.ops.share.reconcile import Verdict
    from gitexp.repo import Repository

_SHOWN = 20
"""Runs that went well and are told by name."""


def fetched(
    session: Session,
    names: Sequence[str],
    where: str | None,
    *,
    dry_run: bool,
    as_json: bool,
    artifacts: bool,
) -> int:
    """Brings runs from the remote that `names` may begin with, `artifacts` their bytes; the exit code."""
    from gitexp.cli import exit_codes
    from gitexp.cli.session import tell
    from gitexp.cli.suggestion import suggest_archive
    from gitexp.errors import UsageError
    from gitexp.git.remotes import find_remote, remote_names
    from gitexp.ops.archive.names import places
    from gitexp.ops.share.fetch import fetch

    with session.repository() as repo:
        is_remote = bool(names) and names[0] in remote_names(repo.config)
        remote = find_remote(repo.git, repo.config, names[0] if is_remote else None)
        runs = names[1:] if is_remote else names
        if runs and where is not None:
            raise UsageError("runs are given by name and by --where", hint="use one of them")
        verdicts = fetch(repo, remote, runs, where, dry_run=dry_run)
        failed = _receive(repo, remote, verdicts) if artifacts and not dry_run else []
        suggest_archive(repo, lambda: len(places(repo).own))
    if as_json:
        _print_json(remote, verdicts)
    code = _told(remote, verdicts, dry_run=dry_run)
    for error in failed[:_SHOWN]:
        tell(error)
    return exit_codes.REMOTE if failed else code


def _receive(repo: Repository, remote: Remote, verdicts: Sequence[Verdict]) -> list[GitExpError]:
    """Brings the large artifacts of the runs that are here; why some did not come."""
    from gitexp.cli.session import say
    from gitexp.ops.archive.names import all_runs
    from gitexp.ops.share.pointers import pointers_of
    from gitexp.ops.transfers import receive

    here = all_runs(repo)
    commits = [here[one.name] for one in verdicts if one.name in here]
    objects = {one.oid: one for commit in commits for one in pointers_of(repo.reader, commit)}
    lacking = [one for one in objects.values() if not repo.store.has(one.oid, one.size)]
    failed = receive(repo, lacking, remote)
    if lacking:
        say(f"{len(lacking) - len(failed)} of {len(lacking)} artifacts fetched")
    return list(failed.values())


def _print_json(remote: Remote, verdicts: Sequence[Verdict]) -> None:
    from gitexp.cli.json_output import put_json
    from gitexp.cli.state_counts import by_kind

    values = [
        {"name": one.name, "commit": one.commit, "state": one.state.value, "reason": one.reason or None}
        for one in verdicts
    ]
    runs, archives = by_kind(zip(verdicts, values, strict=True))
    put_json({"remote": remote.name, "runs": runs, "archives": archives})


def _told(remote: Remote, verdicts: Sequence[Verdict], *, dry_run: bool) -> int:
    """Says what became of the runs and gives the exit code; of many that went well, only some by name."""
    from gitexp.cli import exit_codes
    from gitexp.cli.session import say
    from gitexp.cli.state_counts import state_counts
    from gitexp.ops.share.reconcile import State

    well = [one for one in verdicts if one.state.changes]
    bad = [one for one in verdicts if one.state.failed]
    for some in (well, bad):
        for one in some[:_SHOWN]:
            say(f"{one.state.value}  {one.name}" + (f": {one.reason}" if one.reason else ""))
        if len(some) > _SHOWN:
            say(f"and {len(some) - _SHOWN} more" + (": --json tells all" if some is bad else ""))
    removed = [one.name for one in verdicts if one.state is State.REMOVED]
    if removed:
        say(f"hint: git exp restore {removed[0] if len(removed) == 1 else '--list'}")
    would = " has" if dry_run else ""
    say(f"{remote.name}{would}: {state_counts(verdicts, State) or 'no run'}")
    return exit_codes.REMOTE if bad else exit_codes.OK
