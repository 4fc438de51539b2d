"""`git exp baseline`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import click

from gitexp.cli import exit_codes
from gitexp.cli.group import HELP_NAMES, Commands
from gitexp.cli.session import Session

COMMANDS = {
    "set": "gitexp.cli.commands.baseline.move",
    "unset": "gitexp.cli.commands.baseline.unset",
    "list": "gitexp.cli.commands.baseline.listing",
    "show": "gitexp.cli.commands.baseline.show",
    "push": "gitexp.cli.commands.baseline.push",
    "fetch": "gitexp.cli.commands.baseline.fetch",
}


class _BaselineCommands(Commands):
    modules: ClassVar[Mapping[str, str]] = COMMANDS


@click.group(
    "baseline",
    cls=_BaselineCommands,
    context_settings={**HELP_NAMES, "max_content_width": 100},
    invoke_without_command=True,
    subcommand_metavar="[COMMAND] [ARGUMENTS]",
)
@click.pass_context
def command(ctx: click.Context) -> int:
    """Name the runs that others are held against.

    A baseline is a name for one run as it is now, kept in the ref refs/exp-baseline/NAME. Only git exp
    baseline set and fetch move it, never a better result: git exp undo takes that back, and git exp baseline
    show tells who moved it, when, and from where. Wherever a command takes a RUN, baseline:NAME is that run.
    It stays when its run is edited, archived, or removed elsewhere, and git exp rm refuses to remove the run.
    Without a COMMAND the baselines are listed.

    \b
    Examples:
      git exp baseline set main best:acc
      git exp baseline
      git exp diff baseline:main @
      git exp baseline push
    """
    if ctx.invoked_subcommand is None:
        from gitexp.cli.commands.baseline.listing import list_baselines

        list_baselines(ctx.ensure_object(Session), as_json=False)
    return exit_codes.OK
