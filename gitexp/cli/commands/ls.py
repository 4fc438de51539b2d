"""`git exp ls`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.read import Listing


@click.command("ls")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document with every run.")
@click.pass_obj
def command(session: Session, as_json: bool) -> None:
    """List all runs, newest first.

    Beside name, status, age and tags stand the metrics and params that differ between the runs, as many
    as fit.

    \b
    Examples:
      git exp ls
      git exp ls --json | jq -r '.runs[] | select(.status == "finished") | .name'
    """
    from gitexp.cli.render.listing import listing
    from gitexp.cli.screen import look, put
    from gitexp.cli.session import note, warn
    from gitexp.ops.read import list_all

    with session.repository() as repo:
        found = list_all(repo)
        for _, error in found.broken:
            warn(error)
        if as_json:
            _put_json(found)
            return
        screen = look(repo.config, session.environ, use_pager=session.use_pager)
    if not found.runs:
        note("no run yet: git exp run -- CMD makes one")
        return
    lines = listing([run.record for run in found.runs], screen, now=time.time())
    put("\n".join(lines) + "\n", screen, session.environ)


def _put_json(found: Listing) -> None:
    from gitexp.cli.json_output import put_json
    from gitexp.cli.run_value import listed_value

    runs = [listed_value(run.record, run.commit) for run in found.runs]
    broken = [{"name": name, "error": error.message} for name, error in found.broken]
    put_json({"runs": runs, "broken": broken})
