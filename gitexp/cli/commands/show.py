"""`git exp show`."""

from __future__ import annotations

import time

import click

from gitexp.cli.session import Session


@click.command("show")
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the whole record as one JSON document.")
@click.pass_obj
def command(session: Session, runs: tuple[str, ...], as_json: bool) -> None:
    """Show runs, one after the other.

    When it ran and what, with which code, params and environment, and what came out: of each metric its
    value, the best one and the step of that ('goals' in .gitexp.yaml or else the name tells whether that is
    the least or the greatest), and a sparkline of all. At the end stand commands to go on with.

    RUN is a name, the beginning of one, @ for the latest run (the default), @~1 for the one before it, best
    or best:METRIC, a commit, or HEAD. Of a run that still goes on, all that was logged so far is shown.

    For a commit that is not one of a run's the run is shown that it rests on: one that an Exp-Run line of its
    message names, or one of exactly its code, finished ones before failed ones and then the newest. The other
    ones are told. Where the code of a commit is not the code that the results were made with, they are said
    to be stale.

    Commands that only read a run, and git exp baseline set, take such a commit as well: the run that they
    take is told, and where only time says which of several it is they ask for its name.

    The JSON document of a single run is its record; that of several has them under "runs".

    \b
    Examples:
      git exp show
      git exp show brave-otter
      git exp show @ @~1 --json
      git exp show HEAD
    """
    from gitexp.cli.json_output import put_json
    from gitexp.cli.render.run_page import run_page
    from gitexp.cli.run_value import full_value
    from gitexp.cli.screen import look, put
    from gitexp.ops.showing import examine_any

    with session.repository() as repo:
        found = [examine_any(repo, run) for run in runs or ("@",)]
        if as_json:
            values = [full_value(one) for one in found]
            put_json(values[0] if len(values) == 1 else {"runs": values})
            return
        screen = look(repo.config, session.environ, use_pager=session.use_pager)
        pages = ["\n".join(run_page(one, screen, now=time.time())) + "\n" for one in found]
    put("\n\n".join(pages), screen, session.environ)
