"""`git exp rm`."""

from __future__ import annotations

import click

from gitexp.cli.annotating import batch_options
from gitexp.cli.session import Session


@click.command("rm")
@click.argument("runs", nargs=-1, metavar="RUN...")
@batch_options
@click.pass_obj
def command(session: Session, runs: tuple[str, ...], where: str | None, dry_run: bool) -> int:
    """Remove runs.

    They go into the trash, from which git exp undo and git exp restore bring them back; git exp gc empties
    it and gives the disk back. A run that is still being recorded is not removed.

    \b
    Examples:
      git exp rm brave-otter
      git exp rm --where 'is:failed and not is:starred and started < 30d' -n
    """
    from gitexp.cli.moving import tell_moved
    from gitexp.cli.session import note, say
    from gitexp.ops.choose import choose
    from gitexp.ops.remove import remove

    with session.repository() as repo:
        chosen = choose(repo, runs, where)
        if not chosen:
            note("no run matches")
            return 0
        results = remove(repo, chosen, dry_run=dry_run)
    code = tell_moved(results, done="removed", dry_run=dry_run)
    if not dry_run and any(one.error is None for one in results):
        say("hint: git exp undo")
    return code
