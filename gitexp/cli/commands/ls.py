"""`git exp ls`."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.read import Listing
    from gitexp.ops.select import Selection


@click.command("ls")
@click.argument("query", nargs=-1)
@click.option(
    "--sort", metavar="KEY", help="Sort by a key; -KEY from great to small. Missing values come last."
)
@click.option("-n", "--limit", metavar="N", type=click.IntRange(min=0), help="Show at most so many runs.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document with every run.")
@click.pass_obj
def command(
    session: Session, query: tuple[str, ...], sort: str | None, limit: int | None, as_json: bool
) -> None:
    """List the runs that QUERY asks for, newest first; all without one.

    Beside name, status, age and tags stand the metrics and params that differ between the runs, as many
    as fit.

    A QUERY is made of conditions, joined by and, or, not and brackets: params.lr < 1e-3, acc.max > .9,
    name ~ '^base', model in [a, b], tag:paper, is:failed, has:params.seed, started > 3d (in the last three
    days). A key without params. or metrics. is whichever there is; write params."my key" for blanks.
    A comparison with what a run does not have is false.

    \b
    Examples:
      git exp ls
      git exp ls 'params.lr < 1e-3 and tag:baseline' --sort -acc -n 5
      git exp ls --json | jq -r '.runs[] | select(.status == "finished") | .name'
    """
    from gitexp.cli.render.listing import listing
    from gitexp.cli.screen import look, put
    from gitexp.cli.session import note, warn
    from gitexp.ops.read import list_all

    selection = _selection(" ".join(query), sort, limit)
    with session.repository() as repo:
        found = list_all(repo)
        for _, error in found.broken:
            warn(error)
        chosen = replace(found, runs=tuple(selection.of(found.runs))) if selection else found
        if as_json:
            _put_json(chosen)
            return
        screen = look(repo.config, session.environ, use_pager=session.use_pager)
    if not found.runs:
        note("no run yet: git exp run -- CMD makes one")
        return
    if not chosen.runs:
        note("no run matches")
        return
    lines = listing([run.record for run in chosen.runs], screen, now=time.time())
    put("\n".join(lines) + "\n", screen, session.environ)


def _selection(query: str, sort: str | None, limit: int | None) -> Selection | None:
    """None where all runs are asked for: then the query language need not be imported."""
    if not query and sort is None and limit is None:
        return None
    from gitexp.ops.select import Selection

    return Selection(query, sort=sort, limit=limit)


def _put_json(found: Listing) -> None:
    from gitexp.cli.json_output import put_json
    from gitexp.cli.run_value import listed_value

    runs = [listed_value(run.record, run.commit) for run in found.runs]
    broken = [{"name": name, "error": error.message} for name, error in found.broken]
    put_json({"runs": runs, "broken": broken})
