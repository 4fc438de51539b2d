"""`git exp driver`."""

from __future__ import annotations

import click


@click.command("driver")
@click.argument("action", type=click.Choice(["merge", "textconv"]), metavar="ACTION")
@click.argument("files", nargs=-1, metavar="FILE...")
def command(action: str, files: tuple[str, ...]) -> int:
    """Merge one file, or print it for a diff; git calls this.

    git exp hooks install makes both known to git, for the files of records and for params files.

    merge gets what git hands to a merge driver: %O %A %B %L %P. Params files are merged key by key, and
    comments stay; the exit code is 1 where sides changed a key differently or a file cannot be read, and then
    the three files are to be merged by line, as git merge-file does. Tables of evaluations are merged row by
    row. Of records that meet, all else stays as ours has it, and says of itself that it is stale.

    textconv prints a series as how its metrics went, tables of evaluations in columns, archives of Inspect
    (.eval) as their samples, and other files as text, without what a terminal would act on.

    \b
    Examples:
      git exp driver textconv .exp/series/00000.csv
      git config merge.exp.driver
    """
    from gitexp.cli.driving import drive

    return drive([action, *files])
