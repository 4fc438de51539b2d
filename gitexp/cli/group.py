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

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Record": ("run", "save"),
    "Look": ("ls", "show", "diff", "plot", "logs"),
    "Why a score is what it is": ("why", "lineage", "audit", "trace"),
    "Evaluations, and verdicts for CI": ("eval", "gate", "baseline", "report"),
    "Have a run back": ("branch", "worktree", "apply", "artifacts", "get"),
    "Merge and repeat": ("merge", "repro", "bisect"),
    "Label": ("tag", "note", "star", "title", "group"),
    "Share": ("push", "fetch", "pull"),
    "Keep order": ("rm", "restore", "undo", "gc", "archive", "recover"),
    "Set up and learn": ("hooks", "completion", "demo", "help"),
    "Called by git": ("hook", "driver"),
}
"""The commands by what they are for, in the order of the help."""
COMMANDS = {name: f"gitexp.cli.commands.{name}" for names in SECTIONS.values() for name in names}
"""Command -> the module with a click command named `command`."""

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


class _Sections(Commands):
    """All commands, listed by what they are for."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # Padded, so that the columns of all sections are one; the rest of a line is theirs.
        widest = max(map(len, COMMANDS))
        for title, names in SECTIONS.items():
            with formatter.section(title):
                rows = [
                    (name.ljust(widest), self._told(ctx, name, formatter.width - widest - 6))
                    for name in names
                ]
                formatter.write_dl(rows)

    def _told(self, ctx: click.Context, name: str, width: int) -> str:
        command = self.get_command(ctx, name)
        return command.get_short_help_str(width) if command else ""


def nearest(name: str) -> str | None:
    """The command that `name` was probably meant to be."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, COMMANDS, 1, 0.5)), None)


@click.group(
    cls=_Sections,
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
