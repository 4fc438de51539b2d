"""`git exp show`."""

from __future__ import annotations

import time

import click

from gitexp.cli.session import Session


@click.command("show")
@click.argument("run", default="@")
@click.option("--json", "as_json", is_flag=True, help="Print the whole record as one JSON document.")
@click.pass_obj
def command(session: Session, run: str, as_json: bool) -> None:
    """Show one run.

    When it ran and what, with which code, params and environment, and what came out. RUN is a name, the
    beginning of one, @ for the latest run (the default), @~1 for the one before it, a commit, or HEAD. Of a
    run that still goes on, all that was logged so far is shown. Where a commit carries a record beside code
    that is not the code that was recorded, the record is said to be stale.

    \b
    Examples:
      git exp show
      git exp show brave-otter
      git exp show @~1 --json
    """
    from gitexp.cli.json_output import put_json
    from gitexp.cli.render.run_page import run_page
    from gitexp.cli.run_value import full_value
    from gitexp.cli.screen import look, put
    from gitexp.ops.examine import examine

    with session.repository() as repo:
        found = examine(repo, run)
        if as_json:
            put_json(full_value(found))
            return
        screen = look(repo.config, session.environ, use_pager=session.use_pager)
        lines = run_page(found, screen, now=time.time())
    put("\n".join(lines) + "\n", screen, session.environ)
