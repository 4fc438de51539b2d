"""`git exp title`."""

from __future__ import annotations

import click

from gitexp.cli.options import dry_run_option
from gitexp.cli.session import Session


@click.command("title")
@click.argument("run")
@click.argument("text", required=False)
@click.option("--clear", is_flag=True, help="Take the title away.")
@dry_run_option
@click.pass_obj
def command(session: Session, run: str, text: str | None, clear: bool, dry_run: bool) -> int:
    """Give a run a title.

    A title is one line; it says what a run is about where its name cannot. Without TEXT it is printed.

    \b
    Examples:
      git exp title brave-otter 'wide and deep'
      git exp title brave-otter --clear
    """
    from gitexp.cli.annotating import edit_and_tell, tips
    from gitexp.cli.safe_text import safe
    from gitexp.errors import UsageError
    from gitexp.model.labels import Edit
    from gitexp.ops.choose import choose

    if clear and text is not None:
        raise UsageError("a title is given and cleared at once", hint="git exp title RUN --clear")
    edit = Edit(title=text)
    with session.repository() as repo:
        runs = choose(repo, [run])
        if text is None and not clear:
            for info in tips(repo, runs):
                print(safe(info.title or ""), end="\n" if info.title else "")
            return 0
        return edit_and_tell(repo, runs, edit, dry_run=dry_run)
