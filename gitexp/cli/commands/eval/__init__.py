"""`git exp eval`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import ClassVar

import click

from gitexp.cli import exit_codes
from gitexp.cli.group import HELP_NAMES, Commands

COMMANDS = {
    "import": "gitexp.cli.commands.eval.import_logs",
    "show": "gitexp.cli.commands.eval.show",
    "diff": "gitexp.cli.commands.eval.diff",
    "plan": "gitexp.cli.commands.eval.plan",
    "regrade": "gitexp.cli.commands.eval.regrade",
    "export": "gitexp.cli.commands.eval.export",
}


class _EvalCommands(Commands):
    modules: ClassVar[Mapping[str, str]] = COMMANDS


@click.group(
    "eval",
    cls=_EvalCommands,
    context_settings={**HELP_NAMES, "max_content_width": 100},
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGUMENTS]",
)
@click.pass_context
def command(ctx: click.Context) -> int:
    """Results of evaluations, example by example.

    A run keeps for each suite what every answer was worth and what it cost, by the hashes of question and
    target: no text of a benchmark is in git unless that was asked for. Logs of Inspect, of
    lm-evaluation-harness, promptfoo and DeepEval, documents of Every Eval Ever, and plain tables, are brought
    in by git exp eval import.

    \b
    Examples:
      git exp eval import logs/2026-11-23_tinyqa.eval
      git exp eval show @ --failed
      git exp eval diff baseline @
    """
    if ctx.invoked_subcommand is None:
        print(ctx.get_help(), file=sys.stderr)
        return exit_codes.USAGE
    return exit_codes.OK
