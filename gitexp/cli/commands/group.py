"""`git exp group`."""

from __future__ import annotations

import click

from gitexp.cli.annotating import batch_options
from gitexp.cli.session import Session


@click.command("group")
@click.argument("words", nargs=-1, metavar="RUN... [GROUP]")
@click.option("-m", "--name", "given", metavar="GROUP", help="The group, where it could be taken for a run.")
@click.option("--clear", is_flag=True, help="Take the runs out of their groups.")
@batch_options
@click.pass_obj
def command(
    session: Session, words: tuple[str, ...], given: str | None, clear: bool, where: str | None, dry_run: bool
) -> int:
    """Put runs into a group.

    The seeds of one setting, the points of one sweep: runs of a group are listed and compared together.
    Without GROUP the group of each run is printed.

    \b
    Examples:
      git exp group @ @~1 @~2 lr-sweep
      git exp group --where 'tag:sweep and started > 2d' lr-sweep
      git exp group brave-otter --clear
    """
    from gitexp.cli.annotating import edit_and_tell, runs_then_value, tips
    from gitexp.cli.safe_text import safe
    from gitexp.errors import UsageError
    from gitexp.model.labels import Edit
    from gitexp.ops.choose import choose

    if clear and given is not None:
        raise UsageError("a group is given and cleared at once", hint="git exp group RUN --clear")
    with session.repository() as repo:
        if clear or given is not None:
            runs, group = choose(repo, words, where), given
        else:
            runs, group = runs_then_value(repo, words, where, what="group")
        if group is None and not clear:
            for info in tips(repo, runs):
                print(info.name, safe(info.group or ""))
            return 0
        return edit_and_tell(repo, runs, Edit(group=group), dry_run=dry_run)
