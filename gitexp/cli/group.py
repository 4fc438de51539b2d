"""The commands of `git exp`, each imported when it is used."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import ClassVar

import click

from gitexp import __version__
from gitexp.cli import exit_codes
from gitexp.cli.session import Session

COMMANDS = {
    "run": "gitexp.cli.commands.run",
    "save": "gitexp.cli.commands.save",
    "ls": "gitexp.cli.commands.ls",
    "show": "gitexp.cli.commands.show",
    "diff": "gitexp.cli.commands.diff",
    "why": "gitexp.cli.commands.why",
    "plot": "gitexp.cli.commands.plot",
    "logs": "gitexp.cli.commands.logs",
    "eval": "gitexp.cli.commands.eval",
    "baseline": "gitexp.cli.commands.baseline",
    "report": "gitexp.cli.commands.report",
    "gate": "gitexp.cli.commands.gate",
    "audit": "gitexp.cli.commands.audit",
    "lineage": "gitexp.cli.commands.lineage",
    "trace": "gitexp.cli.commands.trace",
    "branch": "gitexp.cli.commands.branch",
    "worktree": "gitexp.cli.commands.worktree",
    "apply": "gitexp.cli.commands.apply",
    "merge": "gitexp.cli.commands.merge",
    "repro": "gitexp.cli.commands.repro",
    "bisect": "gitexp.cli.commands.bisect",
    "artifacts": "gitexp.cli.commands.artifacts",
    "get": "gitexp.cli.commands.get",
    "tag": "gitexp.cli.commands.tag",
    "note": "gitexp.cli.commands.note",
    "star": "gitexp.cli.commands.star",
    "title": "gitexp.cli.commands.title",
    "group": "gitexp.cli.commands.group",
    "push": "gitexp.cli.commands.push",
    "fetch": "gitexp.cli.commands.fetch",
    "pull": "gitexp.cli.commands.pull",
    "rm": "gitexp.cli.commands.rm",
    "restore": "gitexp.cli.commands.restore",
    "undo": "gitexp.cli.commands.undo",
    "gc": "gitexp.cli.commands.gc",
    "archive": "gitexp.cli.commands.archive",
    "recover": "gitexp.cli.commands.recover",
    "hooks": "gitexp.cli.commands.hooks",
    "demo": "gitexp.cli.commands.demo",
    "completion": "gitexp.cli.commands.completion",
    "help": "gitexp.cli.commands.help",
    "hook": "gitexp.cli.commands.hook",
    "driver": "gitexp.cli.commands.driver",
}
"""Command -> the module with a click command named `command`, in the order of the help."""

HELP_NAMES = {"help_option_names": ["-h", "--help"]}


class Commands(click.Group):
    """A group that knows its commands by name and imports the one that is asked for."""

    modules: ClassVar[Mapping[str, str]] = COMMANDS

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = self.modules.get(cmd_name)
        if module is None:
            return None
        command: click.Command = import_module(module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.modules and not args[0].startswith("-"):
            error = click.UsageError(f"{args[0]!r} is not a {ctx.command_path} command", ctx)
            if self.modules is COMMANDS:
                error.unknown_command = args[0]  # type: ignore[attr-defined]
            raise error
        return super().resolve_command(ctx, args)


def nearest(name: str) -> str | None:
    """The command that `name` was probably meant to be."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, COMMANDS, 1, 0.5)), None)


@click.group(
    cls=Commands,
    context_settings={**HELP_NAMES, "max_content_width": 100},
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGUMENTS]",
)
@click.option("--no-pager", is_flag=True, help="Do not send output through a pager.")
@click.version_option(__version__, message="git-exp version %(version)s", help="Print the version.")
@click.pass_context
def cli(ctx: click.Context, no_pager: bool) -> int:
    """Record experiments as git commits, and look at them.

    A run is one recorded execution: the exact code, its params and metrics, inputs, environment and output,
    in one commit on a ref of its own. Plain git understands it: git show exp/NAME.
    """
    session = ctx.ensure_object(Session)
    session.use_pager = not no_pager
    if ctx.invoked_subcommand is None:
        print(ctx.get_help(), file=sys.stderr)
        return exit_codes.USAGE
    return exit_codes.OK
