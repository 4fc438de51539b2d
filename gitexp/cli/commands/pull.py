"""`git exp pull`."""

from __future__ import annotations

import click

from gitexp.cli.session import Session


@click.command("pull")
@click.argument("names", nargs=-1, metavar="[REMOTE] [RUN]...")
@click.option("--where", metavar="QUERY", help="Fetch the runs that a query finds.")
@click.option("--artifacts", is_flag=True, help="Bring the bytes of large artifacts, too.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what is there and not here.")
@click.option("--json", "as_json", is_flag=True, help="Print what became of each run as JSON.")
@click.pass_obj
def command(
    session: Session, names: tuple[str, ...], where: str | None, artifacts: bool, dry_run: bool, as_json: bool
) -> int:
    """Fetch runs, and with --artifacts the bytes that they point to.

    All else is as for git exp fetch: no file of the working tree changes. Without --artifacts git exp get
    fetches bytes when they are asked for.

    \b
    Examples:
      git exp pull --artifacts
      git exp pull origin brave-otter --artifacts
    """
    from gitexp.cli.fetching import fetched

    return fetched(session, names, where, dry_run=dry_run, as_json=as_json, artifacts=artifacts)
