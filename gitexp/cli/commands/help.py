"""`git exp help`."""

from __future__ import annotations

import click

from gitexp.cli.session import Session


@click.command("help")
@click.argument("name", metavar="[COMMAND]", required=False)
@click.pass_obj
def command(session: Session, name: str | None) -> None:
    """Show the manual, or the page of one command.

    It is the text of the man pages, which git exp --help opens; this works where there is no man.

    \b
    Examples:
      git exp help
      git exp help run
    """
    from gitexp.cli.group import COMMANDS, nearest
    from gitexp.cli.manual import command_page, main_page
    from gitexp.cli.render.manual_text import manual_text
    from gitexp.cli.render.paint import Paint
    from gitexp.cli.screen import look, put
    from gitexp.cli.session import current_folder
    from gitexp.errors import UsageError
    from gitexp.git import config
    from gitexp.git.process import Git

    if name is not None and name not in COMMANDS:
        near = nearest(name)
        raise UsageError(
            f"{name!r} is not a git exp command", hint=f"git exp help {near}" if near else "git exp help"
        )
    page = command_page(name) if name else main_page()
    settings = config.read(Git(current_folder(), session.environ))
    screen = look(settings, session.environ, use_pager=session.use_pager)
    lines = manual_text(page, min(screen.width or 80, 100), Paint(screen.colour))
    put("\n".join(lines) + "\n", screen, session.environ)
