"""`git exp save`."""

from __future__ import annotations

import click

from gitexp.cli.options import recording_options
from gitexp.cli.session import Session


@click.command("save")
@recording_options
@click.pass_obj
def command(
    session: Session,
    name: str | None,
    group: str | None,
    tags: tuple[str, ...],
    note: str | None,
    param_files: tuple[str, ...],
    metrics_files: tuple[str, ...],
    outputs: tuple[str, ...],
    uses: tuple[str, ...],
    quiet: bool,
) -> None:
    """Record the present state as a finished run.

    Nothing is run: the code as it is now is recorded, the params, and the results that lie there already.
    For what was run in a notebook, on another machine, or before anybody thought of recording it.

    \b
    Examples:
      git exp save --note "from the notebook"
      git exp save --metrics-file scores.json --output model.pt
    """
    from gitexp.cli.session import say, warn
    from gitexp.errors import GitExpError
    from gitexp.ops.save import SaveRequest, save

    with session.repository() as repo:
        saved = save(repo, SaveRequest(name, group, tags, note, param_files, metrics_files, outputs, uses))
    for notice in saved.notices:
        warn(GitExpError(notice))
    if not quiet:
        say(f"exp {saved.name} finished: git exp show {saved.name}")
