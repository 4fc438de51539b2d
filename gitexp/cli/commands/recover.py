"""`git exp recover`."""

from __future__ import annotations

import click

from gitexp.cli.session import Session


@click.command("recover")
@click.pass_obj
def command(session: Session) -> int:
    """Put right what dead processes left.

    Runs whose process died are recorded as crashed, with everything that they had logged. Runs that ended
    are looked at again, and written once more where a gc took objects of theirs. Every other command does
    the same in passing for what is recent; this one does it for all, and says what it did.

    \b
    Example:
      git exp recover
    """
    from gitexp.cli import exit_codes
    from gitexp.cli.session import say, tell_recovered
    from gitexp.ops.recover import recover

    with session.repository(sweep=False) as repo:
        results = recover(repo)
        tell_recovered(repo, results)
    if not results:
        say("nothing to recover")
    return exit_codes.ERROR if any(result.error for result in results) else exit_codes.OK
