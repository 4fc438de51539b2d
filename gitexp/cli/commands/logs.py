"""`git exp logs`."""

from __future__ import annotations

import sys

import click

from gitexp.cli.session import Session


@click.command("logs")
@click.argument("run", default="@")
@click.option("-f", "--follow", is_flag=True, help="Go on showing what a live run prints, until it ends.")
@click.option("--json", "as_json", is_flag=True, help="Print the log as the text of one JSON document.")
@click.pass_obj
def command(session: Session, run: str, follow: bool, as_json: bool) -> None:
    """Show what a run printed.

    It is the text that was left on the screen: a progress bar is one line. RUN is written as for
    git exp show.

    \b
    Examples:
      git exp logs
      git exp logs -f brave-otter
    """
    from gitexp.cli.json_output import put_json
    from gitexp.cli.render.follower import Follower
    from gitexp.cli.safe_text import safe
    from gitexp.cli.screen import look, put
    from gitexp.cli.session import note_stale
    from gitexp.ops.logs import follow_log, read_log
    from gitexp.ops.resting import run_of

    with session.repository() as repo:
        found = run_of(repo, run)
        stale = note_stale(found)
        if as_json:
            told = {"name": found.name, "commit": found.commit, "stale": stale}
            put_json({**told, "log": read_log(found)})
            return
        screen = look(repo.config, session.environ, use_pager=session.use_pager)
        if follow and found.live:
            follower = Follower(screen.width, repo.redactor.text)
            for data in follow_log(found):
                sys.stdout.write(follower.feed(data))
                sys.stdout.flush()
            sys.stdout.write(follower.end())
            return
        text = read_log(found)
    put(safe(text, lines=True), screen, session.environ)
