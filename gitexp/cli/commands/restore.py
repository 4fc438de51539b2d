"""`git exp restore`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitexp.cli.options import dry_run_option
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.repo import Repository


@click.command("restore")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--all", "everything", is_flag=True, help="Restore every removed run.")
@click.option("--list", "only_list", is_flag=True, help="List the removed runs.")
@click.option("--json", "as_json", is_flag=True, help="List the removed runs as one JSON document.")
@dry_run_option
@click.pass_obj
def command(
    session: Session, runs: tuple[str, ...], everything: bool, only_list: bool, as_json: bool, dry_run: bool
) -> int:
    """Bring removed runs back.

    RUN is the name of a removed run, the beginning of one, or @ for the one that was removed last. Without
    a RUN the removed runs are listed.

    \b
    Examples:
      git exp restore
      git exp restore brave-otter
      git exp restore --all
    """
    from gitexp.cli.moving import tell_moved
    from gitexp.cli.session import note
    from gitexp.errors import UsageError
    from gitexp.ops.remove import choose_trashed, list_trash, restore

    if everything and runs:
        raise UsageError("runs are given by name and by --all", hint="git exp restore --all")
    if (only_list or as_json) and (runs or everything):
        raise UsageError("a list is asked for, and runs are given", hint="git exp restore --list")
    with session.repository() as repo:
        if not runs and not everything:
            _list(repo, as_json=as_json)
            return 0
        names = [one.name for one in list_trash(repo)] if everything else choose_trashed(repo, runs)
        if not names:
            note("the trash is empty")
            return 0
        return tell_moved(restore(repo, names, dry_run=dry_run), done="restored", dry_run=dry_run)


def _list(repo: Repository, *, as_json: bool) -> None:
    from gitexp.cli.json_output import put_json
    from gitexp.cli.safe_text import safe
    from gitexp.cli.session import note
    from gitexp.ops.remove import list_trash

    trash = list_trash(repo)
    if as_json:
        put_json({"removed": [{"name": o.name, "commit": o.commit, "subject": o.subject} for o in trash]})
    elif not trash:
        note("the trash is empty")
    for one in () if as_json else trash:
        told = one.subject.removeprefix(f"exp {one.name}").removeprefix(": ")
        print(f"{one.name}  {safe(told)}".rstrip())
