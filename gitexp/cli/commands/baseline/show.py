"""`git exp baseline show`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.baseline import Entry


@click.command("show")
@click.argument("name", metavar="NAME")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(session: Session, name: str, as_json: bool) -> None:
    """Show a baseline: where it has been, and its run.

    Who moved it in this clone, when and to which commit, newest first; then what git exp show tells of the
    run. The JSON document has the moves under "moves", and under "run" what git exp show --json prints.

    \b
    Examples:
      git exp baseline show main
      git exp baseline show main --json | jq .run.metrics
    """
    from gitexp.cli.json_output import put_json
    from gitexp.cli.render.run_page import run_page
    from gitexp.cli.run_value import full_value
    from gitexp.cli.screen import look, put
    from gitexp.model.names import parse_baseline
    from gitexp.model.times import format_time
    from gitexp.ops.baseline import history, resolve
    from gitexp.ops.examine import examine_run

    with session.repository() as repo:
        run = resolve(repo, name)
        found, moves = examine_run(run), history(repo, parse_baseline(name))
        if as_json:
            told = [
                {"commit": one.commit, "who": one.who, "at": format_time(one.at), "why": one.why}
                for one in moves
            ]
            put_json({"name": name, "commit": run.commit, "moves": told, "run": full_value(found)})
            return
        screen = look(repo.config, session.environ, use_pager=session.use_pager)
        page = [
            f"baseline {name}",
            *_moves(moves, time.time()),
            "",
            *run_page(found, screen, now=time.time()),
        ]
    put("\n".join(page) + "\n", screen, session.environ)


def _moves(moves: Sequence[Entry], now: float) -> Iterator[str]:
    from gitexp.cli.commands.baseline.told import SHORT
    from gitexp.cli.render.times import age_text, moment_text
    from gitexp.cli.safe_text import safe

    for one in moves:
        age = age_text(max(0.0, now - one.at))
        yield f"  {moment_text(one.at)} ({age})  {one.commit[:SHORT]}  {safe(one.who)}  {safe(one.why)}"
