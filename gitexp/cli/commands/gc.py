"""`git exp gc`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.collect import Collected
    from gitexp.repo import Repository


@click.command("gc")
@click.argument("name", required=False, metavar="[REMOTE]")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be freed.")
@click.option(
    "--older-than",
    metavar="SPAN",
    help="Only runs removed longer ago, or artifacts that came longer ago: 12h, 14d, 2w.",
)
@click.option("--keep-trash", is_flag=True, help="Leave the removed runs; free the rest.")
@click.option("--remote", is_flag=True, help="Free artifacts on a git remote that nothing there points to.")
@click.option("--alone", is_flag=True, help="No other repository keeps artifacts in exp.artifacts.")
@click.option("--json", "as_json", is_flag=True, help="Print what is freed as one JSON document.")
@click.pass_obj
def command(
    session: Session,
    name: str | None,
    dry_run: bool,
    older_than: str | None,
    keep_trash: bool,
    remote: bool,
    alone: bool,
    as_json: bool,
) -> int:
    """Give back the disk that removed runs take.

    Empties the trash and frees what only removed runs needed: their objects and artifacts, their place in
    our index, journals of runs that are safe in git, backups for undoing git exp apply, reports and temporary
    files; and artifacts that runs have let go of by rules of what to keep. What a run, a branch, a
    stash, a reflog, git's index or anything else in the repository needs stays, and so does all that is not
    of a run. This cannot be undone.

    With --remote nothing is freed here, but artifacts in the folder where the remote keeps them that none of
    its refs points to, once they are there for 14 days or --older-than. What other refs than those of runs
    point to stays, and so does what this clone points to and does not have itself. A Git LFS server has no
    way to remove anything.

    \b
    Examples:
      git exp gc -n
      git exp gc
      git exp gc --older-than 14d
      git exp gc --remote origin -n
    """
    from gitexp.cli.json_output import put_json
    from gitexp.errors import UsageError
    from gitexp.ops.collect import collect

    if not remote and (name is not None or alone):
        raise UsageError("only --remote frees anything elsewhere", hint="git exp gc --remote")
    if remote and keep_trash:
        raise UsageError("a remote has no trash", hint="git exp gc --keep-trash")
    seconds = _seconds(older_than)
    with session.repository() as repo:
        if remote:
            return _clear(repo, name, seconds, dry_run=dry_run, alone=alone, as_json=as_json)
        found = collect(repo, dry_run=dry_run, older_than=seconds, keep_trash=keep_trash)
    if as_json:
        put_json(
            {"dry_run": dry_run, "runs": list(found.runs), "bytes": found.bytes, "left": list(found.left)}
        )
    else:
        _tell(found, dry_run=dry_run)
    return 0


def _seconds(span: str | None) -> float | None:
    from gitexp.errors import UsageError
    from gitexp.query.times import span_seconds

    seconds = None if span is None else span_seconds(span)
    if span is not None and seconds is None:
        raise UsageError(f"invalid span of time {span!r}", hint="git exp gc --older-than 14d")
    return seconds


def _tell(found: Collected, *, dry_run: bool) -> None:
    from gitexp.cli.render.values import size_text
    from gitexp.cli.session import note, say

    for sentence in found.left:
        note(sentence)
    total = sum(found.bytes.values())
    for kind, size in found.bytes.items():
        if size:
            print(f"{kind:<16}{size_text(size):>10}")
    verb = "would free" if dry_run else "freed"
    runs = f" of {len(found.runs)} removed run{'' if len(found.runs) == 1 else 's'}" if found.runs else ""
    print(f"{verb} {size_text(total)}{runs}")
    if dry_run and found.runs:
        say("note: what git exp gc frees cannot be brought back by git exp undo")


def _clear(
    repo: Repository, name: str | None, seconds: float | None, *, dry_run: bool, alone: bool, as_json: bool
) -> int:
    from gitexp.artifacts.remote import GRACE
    from gitexp.cli.json_output import put_json
    from gitexp.cli.render.values import size_text
    from gitexp.cli.session import note
    from gitexp.git.remotes import find_remote
    from gitexp.ops.share.clear import clear

    remote = find_remote(repo.git, repo.config, name, push=True)
    older_than = GRACE if seconds is None else seconds
    found = clear(repo, remote, dry_run=dry_run, older_than=older_than, alone=alone)
    if as_json:
        objects = [{"oid": one.oid, "size": one.size} for one in found.objects]
        put_json(
            {
                "dry_run": dry_run,
                "remote": remote.name,
                "place": found.shown,
                "objects": objects,
                "bytes": found.size,
                "young": found.young,
            }
        )
        return 0
    for one in found.objects:
        print(f"{one.oid} {size_text(one.size):>10}")
    if found.young:
        note(f"{found.young} that nothing points to came too lately to be freed (--older-than)")
    verb = "would free" if dry_run else "freed"
    count = f"{len(found.objects)} artifact{'' if len(found.objects) == 1 else 's'}"
    print(f"{verb} {size_text(found.size)} of {count} in {found.shown}")
    return 0
