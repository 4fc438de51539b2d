"""`git exp hook`."""

from __future__ import annotations

import click

from gitexp.cli.session import Session
from gitexp.ops.hooks.table import GIT_HOOKS, HOOKS, TIMEOUT


@click.command("hook")
@click.argument("name", type=click.Choice([*HOOKS, *GIT_HOOKS]), metavar="NAME")
@click.argument("arguments", nargs=-1, metavar="[ARGUMENTS]...")
@click.option(
    "--timeout",
    type=click.IntRange(1, 3600),
    default=TIMEOUT,
    metavar="SECONDS",
    help="How long push may take, 10 without it.",
)
@click.option("--strict", is_flag=True, help="Have capture refuse a commit while an input is missing.")
@click.pass_obj
def command(session: Session, name: str, arguments: tuple[str, ...], timeout: int, strict: bool) -> int:
    """Do what one of git's hooks is to do; hooks call this.

    NAME is one of ours, or a hook of git's, for all of ours that it calls: pre-commit is guard and capture;
    commit-msg is link; pre-push is push. guard looks at what is about to be committed, and refuses what would
    be regretted: files that belong into artifacts, pointers to nothing, secrets in params files, a record
    that is not of this code. capture finds the run with the code and params that are about to be committed
    or, where the commit changes params or results, records them as one that is captured. link names that run
    in the message, in an Exp-Run line. push sends the runs that pushed commits mention to the same remote.
    Only a refusal has an exit code other than 0: whatever else goes wrong is told, and git goes on.
    GITEXP_SKIP=1 leaves all of them out, and GITEXP_SKIP=guard,push some.

    \b
    Examples:
      git exp hook guard
      git exp hook capture --strict
      git exp hook pre-commit
      git exp hook push --timeout 30
    """
    from gitexp.cli.hook_call import call_hook

    return call_hook(session, name, arguments, timeout=timeout, strict=strict)
