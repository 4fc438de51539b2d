"""The command line handed to click."""

from __future__ import annotations

from collections.abc import Sequence

import click

from gitexp.cli import exit_codes
from gitexp.cli.group import COMMANDS, cli, nearest
from gitexp.cli.session import Session
from gitexp.errors import UsageError


def invoke(arguments: Sequence[str], session: Session) -> int:
    """The exit code of the command that `arguments` name. Raises GitExpError, and whatever it meets."""
    try:
        # Not cli.main(): it has its own ideas of exit codes for a broken pipe and an interrupt.
        with cli.make_context("git exp", list(arguments), obj=session) as context:
            result = cli.invoke(context)
        return result if isinstance(result, int) else exit_codes.OK
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        raise _usage(error, arguments) from None


def _usage(error: click.ClickException, arguments: Sequence[str]) -> UsageError:
    """click's own complaint, in git's voice."""
    # What there is to choose from, line by line, is in the help.
    message = error.format_message().partition(". Choose from:")[0].rstrip(".")
    message = message[:1].lower() + message[1:]
    context = getattr(error, "ctx", None)  # the parser of options gives none
    named = arguments[:1] if arguments[:1] and arguments[0] in COMMANDS else ()
    where = context.command_path if context else " ".join(["git exp", *named])
    hint = f"{where} -h"
    if isinstance(error, click.exceptions.NoSuchOption):
        message = f"unknown option {error.option_name!r}"
        if error.possibilities:
            hint = f"{where} {sorted(error.possibilities)[0]}"
    elif unknown := getattr(error, "unknown_command", None):
        hint = f"git exp {near}" if (near := nearest(unknown)) else hint
    return UsageError(message, hint=hint)
