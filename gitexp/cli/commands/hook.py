"""`git exp hook`."""

from __future__ import annotations

import sys

import click

from gitexp.cli import exit_codes
from gitexp.cli.session import Session
from gitexp.ops.hooks.table import GIT_HOOKS, HOOKS, SENT_TO, TIMEOUT, Call


@click.command("hook")
@click.argument("name", type=click.Choice([*HOOKS, *GIT_HOOKS]), metavar="NAME")
@click.argument("arguments", nargs=-1, metavar="[ARGUMENTS]...")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=TIMEOUT,
    metavar="SECONDS",
    help="How long push may take, 10 without it.",
)
@click.pass_obj
def command(session: Session, name: str, arguments: tuple[str, ...], timeout: float) -> int:
    """Do what one of git's hooks is to do; hooks call this.

    NAME is one of ours, or a hook of git's, for all of ours that it calls: pre-commit is guard; pre-push is
    push. guard looks at what is about to be committed, and refuses what would be regretted: files that belong
    into artifacts, pointers to nothing, secrets in params files, a record that is not of this code. push
    sends the runs that pushed commits mention to the same remote. Only a refusal has an exit code other than
    0: whatever else goes wrong is told, and git goes on. GITEXP_SKIP=1 leaves all of them out, and
    GITEXP_SKIP=guard,push some.

    \b
    Examples:
      git exp hook guard
      git exp hook pre-commit
      git exp hook push --timeout 30
    """
    from gitexp.cli.session import say, tell, warn
    from gitexp.ops.hooks.calling import call

    with session.repository(sweep=False) as repo:
        sent = _sent() if name in SENT_TO else b""
        answer = call(repo, name, Call(name if name in GIT_HOOKS else None, arguments, timeout, sent))
    for failure in answer.failures:
        warn(failure)
    for refusal in answer.refusals:
        tell(refusal)
    if not answer.refusals:
        return exit_codes.OK
    say("hint: to commit all the same: GITEXP_SKIP=1 git commit")
    return exit_codes.ERROR


def _sent() -> bytes:
    """What git sends; a person who types this sends nothing."""
    return b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read()
