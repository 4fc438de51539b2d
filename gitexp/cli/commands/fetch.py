"""`git exp fetch`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.git.remotes import Remote
    from gitexp.ops.share.reconcile import Verdict

_SHOWN = 20
"""Runs that went well and are told by name."""


@click.command("fetch")
@click.argument("names", nargs=-1, metavar="[REMOTE] [RUN]...")
@click.option("--where", metavar="QUERY", help="Fetch the runs that a query finds.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what is there and not here.")
@click.option("--json", "as_json", is_flag=True, help="Print what became of each run as JSON.")
@click.pass_obj
def command(session: Session, names: tuple[str, ...], where: str | None, dry_run: bool, as_json: bool) -> int:
    """Bring runs from a remote, each checked before it is seen.

    Without a RUN (a name, or the beginning of some) or --where all runs come. REMOTE is the name of a git
    remote; without it git's own choice is taken. Edits that were made here and there are merged, tags as
    sets; of a title or note that both sides changed the later one stands. A run whose name another run has
    here gets a new name. What was removed here stays removed. A record that is not sound is told and left
    out, and exit code 3 says so. git exp undo takes a fetch back.

    \b
    Examples:
      git exp fetch
      git exp fetch origin brave-otter
      git exp fetch --where 'metrics.acc > .9'
    """
    from gitexp.errors import UsageError
    from gitexp.git.remotes import find_remote, remote_names
    from gitexp.ops.share.fetch import fetch

    with session.repository() as repo:
        is_remote = bool(names) and names[0] in remote_names(repo.config)
        remote = find_remote(repo.git, repo.config, names[0] if is_remote else None)
        runs = names[1:] if is_remote else names
        if runs and where is not None:
            raise UsageError("runs are given by name and by --where", hint="use one of them")
        verdicts = fetch(repo, remote, runs, where, dry_run=dry_run)
    if as_json:
        _print_json(remote, verdicts)
    return _told(remote, verdicts, dry_run=dry_run)


def _print_json(remote: Remote, verdicts: Sequence[Verdict]) -> None:
    from gitexp.cli.json_output import put_json

    runs = [
        {"name": one.name, "commit": one.commit, "state": one.state.value, "reason": one.reason or None}
        for one in verdicts
    ]
    put_json({"remote": remote.name, "runs": runs})


def _told(remote: Remote, verdicts: Sequence[Verdict], *, dry_run: bool) -> int:
    """Says what became of the runs and gives the exit code; of many that went well, only some by name."""
    from gitexp.cli import exit_codes
    from gitexp.cli.session import say
    from gitexp.ops.share.reconcile import State

    well = [one for one in verdicts if one.state.changes]
    bad = [one for one in verdicts if one.state is State.INVALID]
    for one in [*well[:_SHOWN], *bad]:
        say(f"{one.state.value}  {one.name}" + (f": {one.reason}" if one.reason else ""))
    if len(well) > _SHOWN:
        say(f"and {len(well) - _SHOWN} more")
    counts = ((sum(one.state is state for one in verdicts), state.value) for state in State)
    would = " has" if dry_run else ""
    told = ", ".join(f"{number} {state}" for number, state in counts if number)
    say(f"{remote.name}{would}: {told or 'no run'}")
    return exit_codes.REMOTE if bad else exit_codes.OK
