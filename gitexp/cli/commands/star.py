"""`git exp star`."""

from __future__ import annotations

import click

from gitexp.cli.annotating import batch_options
from gitexp.cli.session import Session


@click.command("star")
@click.argument("runs", nargs=-1, metavar="RUN...")
@click.option("--off", is_flag=True, help="Take the star away.")
@batch_options
@click.pass_obj
def command(session: Session, runs: tuple[str, ...], off: bool, where: str | None, dry_run: bool) -> int:
    """Mark runs with a star.

    \b
    Examples:
      git exp star @
      git exp star --off --where 'is:starred and started < 30d'
    """
    from gitexp.cli.annotating import edit_and_tell
    from gitexp.model.labels import Edit
    from gitexp.ops.choose import choose

    with session.repository() as repo:
        return edit_and_tell(repo, choose(repo, runs, where), Edit(star=not off), dry_run=dry_run)
