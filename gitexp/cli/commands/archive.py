"""`git exp archive`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitexp.cli.options import dry_run_option
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.model.names import RunName
    from gitexp.ops.annotate import Target
    from gitexp.ops.archive.archiving import Filed
    from gitexp.repo import Repository

_SHOWN = 20


@click.command("archive")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--where", metavar="QUERY", help="The runs that a query asks for, instead of names.")
@click.option("--older-than", metavar="SPAN", help="Runs that ended longer ago: 12h, 14d, 2w.")
@click.option("--keep", metavar="N", type=click.IntRange(min=0), help="Leave the newest N runs as they are.")
@click.option("--restore", "back", is_flag=True, help="Give archived runs refs of their own again.")
@click.option("--all", "everything", is_flag=True, help="With --restore: every archived run.")
@click.option(
    "--fan-in",
    metavar="N",
    type=click.IntRange(2, 500),
    help="Parents of a commit at most, else exp.archiveFanIn or 500; 64 for hosts that dislike so many.",
)
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print what is done as one JSON document.")
@click.pass_obj
def command(
    session: Session,
    runs: tuple[str, ...],
    where: str | None,
    older_than: str | None,
    keep: int | None,
    back: bool,
    everything: bool,
    fan_in: int | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Move old runs under few refs; push and fetch stay quick.

    Without RUN these are the runs that ended 30 days ago or more, but for the newest 500; --older-than and
    --keep say otherwise, and then only what is given counts. Archived runs keep their names and commits, and
    every command finds them as before; git exp archive --restore, or git exp undo, brings their refs back.
    What is lost meanwhile is the name in plain git: write the commit, which git exp show tells, instead of
    exp/NAME. An archive is a ref refs/exp-archive/YOU/MONTH, by the month in which the runs started. It goes
    with git exp push, and comes with git exp fetch; a remote that has it needs no ref for each run.

    \b
    Examples:
      git exp archive -n
      git exp archive --older-than 90d
      git exp archive --where 'group:sweep-1'
      git exp archive --restore brave-otter
    """
    from gitexp.cli.session import note
    from gitexp.ops.archive.archiving import archive, restore

    _check(runs, where, older_than, keep, back=back, everything=everything)
    with session.repository() as repo:
        if back:
            results = restore(repo, _archived(repo, runs, where), dry_run=dry_run)
        else:
            chosen = _chosen(repo, runs, where, older_than, keep)
            results = archive(repo, chosen, fan_in=fan_in, dry_run=dry_run)
    if not results and not as_json:
        note("no run is archived" if back else "no run to archive")
        return 0
    return _tell(repo, results, "restored" if back else "archived", dry_run=dry_run, as_json=as_json)


def _check(
    runs: Sequence[str],
    where: str | None,
    older_than: str | None,
    keep: int | None,
    *,
    back: bool,
    everything: bool,
) -> None:
    """Raises UsageError where the options do not go together."""
    from gitexp.errors import UsageError

    named = bool(runs) or where is not None
    if everything and not back:
        raise UsageError("--all is for --restore", hint="git exp archive --keep 0")
    if (older_than is not None or keep is not None) and (named or back):
        raise UsageError("--older-than and --keep are for archiving without RUN", hint="git exp archive -n")
    if back and everything is named:
        raise UsageError("restore which runs?", hint="git exp archive --restore RUN, or --restore --all")


def _chosen(
    repo: Repository, runs: Sequence[str], where: str | None, older_than: str | None, keep: int | None
) -> Sequence[Target]:
    from gitexp.errors import UsageError
    from gitexp.ops.archive.archiving import old_runs
    from gitexp.ops.choose import choose
    from gitexp.query.times import span_seconds

    if runs or where is not None:
        return choose(repo, runs, where)
    seconds = None if older_than is None else span_seconds(older_than)
    if older_than is not None and seconds is None:
        raise UsageError(f"invalid span of time {older_than!r}", hint="git exp archive --older-than 30d")
    return old_runs(repo, older_than=seconds, keep=keep)


def _archived(repo: Repository, runs: Sequence[str], where: str | None) -> Sequence[RunName]:
    from gitexp.git.refs import list_runs
    from gitexp.ops.archive.held import held
    from gitexp.ops.choose import choose

    if runs or where is not None:
        return [one.name for one in choose(repo, runs, where)]
    living = dict(list_runs(repo.git).runs)
    return [name for name in sorted(held(repo)) if name not in living]


def _tell(repo: Repository, results: Sequence[Filed], done: str, *, dry_run: bool, as_json: bool) -> int:
    from gitexp.cli.json_output import put_json
    from gitexp.cli.session import say, say_undo, tell

    code = next((one.error.exit_code for one in results if one.error is not None), 0)
    if as_json:
        put_json({"dry_run": dry_run, "runs": [_value(one) for one in results]})
        return code
    for one in results:
        if one.error is not None:
            tell(one.error)
    moved = [one for one in results if one.changed]
    same = sum(not one.changed and one.error is None for one in results)
    verb = f"would be {done}" if dry_run else done
    for one in moved[:_SHOWN] if len(moved) <= _SHOWN else ():
        say(f"exp {one.name} {verb}")
    if len(moved) > _SHOWN:
        say(f"{len(moved)} runs {verb}")
    if same:
        say(f"{same} run{'' if same == 1 else 's'} already {'here' if done == 'restored' else done}")
    if done == "archived" and moved:
        for ref in sorted({one.archive for one in moved if one.archive}):
            say(f"  {sum(one.archive == ref for one in moved):>6}  {ref}")
    if moved and not dry_run:
        say_undo(repo)
    return code


def _value(one: Filed) -> dict[str, object]:
    return {
        "name": one.name,
        "commit": one.commit,
        "archive": one.archive,
        "changed": one.changed,
        "error": one.error.message if one.error else None,
    }
