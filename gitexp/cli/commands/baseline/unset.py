"""`git exp baseline unset`."""

from __future__ import annotations

import click

from gitexp.cli.session import Session


@click.command("unset")
@click.argument("name", metavar="NAME")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing where it worked.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be done.")
@click.pass_obj
def command(session: Session, name: str, quiet: bool, dry_run: bool) -> None:
    """Take a baseline away; its run stays.

    A remote keeps what it has: git push REMOTE :refs/exp-baseline/NAME takes it away there.

    \b
    Examples:
      git exp baseline unset release-1
    """
    from gitexp.cli.commands.baseline.told import tell_move
    from gitexp.ops.baseline import unset_baseline

    with session.repository() as repo:
        move = unset_baseline(repo, name, dry_run=dry_run)
        if not quiet:
            tell_move(repo, move, dry_run=dry_run)
