"""`git exp rm`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitexp.cli.annotating import batch_options
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.repo import Repository


@click.command("rm")
@click.argument("runs", nargs=-1, metavar="RUN...")
@batch_options
@click.option("--remote", is_flag=True, help="Remove them on a git remote, which may stand before the RUNs.")
@click.option("--json", "as_json", is_flag=True, help="Print what became of each run as JSON.")
@click.pass_obj
def command(
    session: Session, runs: tuple[str, ...], where: str | None, dry_run: bool, remote: bool, as_json: bool
) -> int:
    """Remove runs.

    They go into the trash, from which git exp undo and git exp restore bring them back; git exp gc empties
    it and gives the disk back. A run that is still being recorded is not removed.

    With --remote they are removed on the remote alone: what is here stays, and git exp push with their names
    sends them again. One that was edited there since it was fetched is a conflict and stays, and one that an
    archive there holds stays in it. Exit code 3 says that some were not removed. git exp gc --remote frees
    the artifacts that they had there.

    \b
    Examples:
      git exp rm brave-otter
      git exp rm --where 'is:failed and not is:starred and started < 30d' -n
      git exp rm --remote origin brave-otter
    """
    from gitexp.cli.json_output import put_json
    from gitexp.cli.moving import moved_value, tell_moved
    from gitexp.cli.session import note, say_undo
    from gitexp.ops.choose import choose
    from gitexp.ops.remove import remove

    with session.repository() as repo:
        if remote:
            return _remove_there(repo, runs, where, dry_run=dry_run, as_json=as_json)
        chosen = choose(repo, runs, where)
        if not chosen and not as_json:
            note("no run matches")
            return 0
        results = remove(repo, chosen, dry_run=dry_run)
    if as_json:
        put_json({"dry_run": dry_run, "runs": [moved_value(one, "removed") for one in results]})
    code = tell_moved(results, done="removed", dry_run=dry_run)
    if not dry_run and any(one.error is None for one in results):
        say_undo(repo)
    return code


def _remove_there(
    repo: Repository, words: tuple[str, ...], where: str | None, *, dry_run: bool, as_json: bool
) -> int:
    from gitexp.cli.outcomes import put_outcomes, tell_outcomes
    from gitexp.cli.remote_words import split_words
    from gitexp.cli.session import note, say
    from gitexp.ops.share.push import State
    from gitexp.ops.share.remove_there import choose_known, remove_there

    remote, texts, _ = split_words(repo, words, push=True)
    chosen = choose_known(repo, remote, texts, where)
    if not chosen and not as_json:
        note("no run matches")
        return 0
    outcomes = remove_there(repo, remote, chosen, dry_run=dry_run)
    if as_json:
        put_outcomes(remote, outcomes)
    code = tell_outcomes(remote, outcomes, named=(State.REMOVED,), dry_run=dry_run)
    gone = [one.name for one in outcomes if one.state is State.REMOVED]
    if gone and not dry_run:
        say(f"hint: git exp push {remote.name} {gone[0] if len(gone) == 1 else 'RUN...'}")
    return code
