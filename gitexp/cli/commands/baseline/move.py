"""`git exp baseline set`."""

from __future__ import annotations

import click

from gitexp.cli.options import dry_run_option
from gitexp.cli.session import Session


@click.command("set")
@click.argument("name", metavar="NAME")
@click.argument("run", metavar="RUN")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing where it worked.")
@dry_run_option
@click.pass_obj
def command(session: Session, name: str, run: str, quiet: bool, dry_run: bool) -> None:
    """Make a run the baseline NAME, or move that to it.

    NAME is words of a-z and 0-9 joined by "-", such as main. The baseline is the run as it is now: edits of
    its labels, or a resumption, are not part of it until it is set again. A run that has not ended is
    refused. git exp baseline push shares it.

    \b
    Examples:
      git exp baseline set main brave-otter
      git exp baseline set release-1 best:acc -n
    """
    from gitexp.cli.commands.baseline.told import tell_move
    from gitexp.ops.baseline import set_baseline
    from gitexp.ops.resting import run_of

    with session.repository() as repo:
        found = run_of(repo, run)
        move = set_baseline(repo, name, found, dry_run=dry_run)
        if not quiet:
            tell_move(repo, move, dry_run=dry_run)
