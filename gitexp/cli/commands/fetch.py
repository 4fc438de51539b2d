"""`git exp fetch`."""

from __future__ import annotations

import click

from gitexp.cli.session import Session


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
    from gitexp.cli.fetching import fetched

    return fetched(session, names, where, dry_run=dry_run, as_json=as_json, artifacts=False)
