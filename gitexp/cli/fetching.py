"""What `git exp fetch` and `git exp pull` do, and how they tell of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.git.remotes import Remote
    from gitexp.ops.share.artifacts import Received
    from gitexp.ops.share.reconcile import Verdict

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
    from gitexp.cli.remote_words import neither, split_words
    from gitexp.cli.session import say, tell
    from gitexp.cli.suggestion import suggest_archive
    from gitexp.errors import UsageError
    from gitexp.ops.archive.names import places
    from gitexp.ops.share.artifacts import receive_artifacts
    from gitexp.ops.share.fetch import NoSuchRun, fetch

    with session.repository() as repo:
        remote, runs, first = split_words(repo, names)
        if runs and where is not None:
            raise UsageError("runs are given by name and by --where", hint="use one of them")
        try:
            verdicts = fetch(repo, remote, runs, where, dry_run=dry_run)
        except NoSuchRun as error:
            raise (neither(repo, first, error) if error.name == first else error) from None
        received = receive_artifacts(repo, remote, verdicts, runs, dry_run=dry_run) if artifacts else None
        suggest_archive(repo, lambda: len(places(repo).own))
    if as_json:
        _print_json(remote, verdicts, received)
    if received is not None:
        _tell_received(received, verdicts, dry_run=dry_run)
    code = _told(remote, verdicts, dry_run=dry_run)
    failed = received.failed if received is not None else ()
    for one in failed[:_SHOWN]:
        tell(one.told)
    if len(failed) > _SHOWN:
        say(f"and {len(failed) - _SHOWN} more: --json tells all")
    return exit_codes.REMOTE if failed else code


def _tell_received(received: Received, verdicts: Sequence[Verdict], *, dry_run: bool) -> None:
    from gitexp.cli.session import say

    if dry_run:
        more = " and those of runs that are not" if any(one.state.changes for one in verdicts) else ""
        say(f"{received.wanted} artifacts of runs that are here would be fetched{more}")
    elif received.wanted:
        say(f"{received.fetched} of {received.wanted} artifacts fetched")


def _print_json(remote: Remote, verdicts: Sequence[Verdict], received: Received | None) -> None:
    from gitexp.cli.json_output import put_json
    from gitexp.cli.state_counts import by_kind

    values = [
        {"name": one.name, "commit": one.commit, "state": one.state.value, "reason": one.reason or None}
        for one in verdicts
    ]
    runs, archives = by_kind(zip(verdicts, values, strict=True))
    document: dict[str, object] = {"remote": remote.name, "runs": runs, "archives": archives}
    if received is not None:
        failed = [{"run": one.run, "path": one.path, "reason": one.error.message} for one in received.failed]
        document["artifacts"] = {"wanted": received.wanted, "fetched": received.fetched, "failed": failed}
    put_json(document)


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
