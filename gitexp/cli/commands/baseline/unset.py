"""`git exp baseline unset`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitexp.cli.options import dry_run_option
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.repo import Repository


@click.command("unset")
@click.argument("words", nargs=-1, required=True, metavar="NAME")
@click.option("--remote", is_flag=True, help="Take it away on a git remote, which may stand beside NAME.")
@click.option("--force", is_flag=True, help="With --remote, though somebody else has moved it there.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing where it worked.")
@dry_run_option
@click.pass_obj
def command(
    session: Session, words: tuple[str, ...], remote: bool, force: bool, quiet: bool, dry_run: bool
) -> int:
    """Take a baseline away; its run stays.

    A remote keeps what it has. With --remote the baseline is taken away there, and there alone: what is here
    stays. One that somebody has moved there since this clone last saw it is a conflict, and stays: exit code
    3 says so.

    \b
    Examples:
      git exp baseline unset release-1
      git exp baseline unset release-1 --remote
      git exp baseline unset --remote origin release-1
    """
    from gitexp.cli.commands.baseline.told import tell_move
    from gitexp.errors import UsageError
    from gitexp.ops.baseline import unset_baseline

    with session.repository() as repo:
        if remote:
            return _unset_there(repo, words, force=force, quiet=quiet, dry_run=dry_run)
        if len(words) > 1 or force:
            told = "--force is for a remote" if force else f"one baseline at a time, not {len(words)}"
            raise UsageError(told, hint="git exp baseline unset NAME --remote")
        move = unset_baseline(repo, words[0], dry_run=dry_run)
        if not quiet:
            tell_move(repo, move, dry_run=dry_run)
    return 0


def _unset_there(repo: Repository, words: tuple[str, ...], *, force: bool, quiet: bool, dry_run: bool) -> int:
    from gitexp.cli.outcomes import tell_outcomes
    from gitexp.cli.remote_words import split_words
    from gitexp.errors import UsageError
    from gitexp.ops.share.push import State
    from gitexp.ops.share.unset_there import unset_there

    found = split_words(repo, words, push=True)
    if len(found.runs) == 2:  # the remote may stand behind the option, where values do
        found = split_words(repo, words[::-1], push=True)
    if len(found.runs) != 1:
        raise UsageError("one baseline and at most a remote", hint="git exp baseline unset NAME --remote")
    outcome = unset_there(repo, found.remote, found.runs[0], force=force, dry_run=dry_run)
    if quiet and not outcome.state.failed:
        return 0
    return tell_outcomes(found.remote, [outcome], named=(State.REMOVED,), dry_run=dry_run)
