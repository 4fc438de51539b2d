"""`git exp gc`."""

from __future__ import annotations

import click

from gitexp.cli.session import Session


@click.command("gc")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be freed.")
@click.option("--older-than", metavar="SPAN", help="Only runs removed longer ago: 12h, 14d, 2w.")
@click.option("--keep-trash", is_flag=True, help="Leave the removed runs; free the rest.")
@click.option("--json", "as_json", is_flag=True, help="Print what is freed as one JSON document.")
@click.pass_obj
def command(session: Session, dry_run: bool, older_than: str | None, keep_trash: bool, as_json: bool) -> int:
    """Give back the disk that removed runs take.

    Empties the trash and frees what only removed runs needed: their objects and artifacts, their place in
    our index, journals of runs that are safe in git, reports and temporary files. What a run, a branch, a
    stash, a reflog, git's index or anything else in the repository needs stays, and so does all that is not
    of a run. This cannot be undone.

    \b
    Examples:
      git exp gc -n
      git exp gc
      git exp gc --older-than 14d
    """
    from gitexp.cli.json_output import put_json
    from gitexp.cli.render.values import size_text
    from gitexp.cli.session import note, say
    from gitexp.errors import UsageError
    from gitexp.ops.collect import collect
    from gitexp.query.times import span_seconds

    seconds = None if older_than is None else span_seconds(older_than)
    if older_than is not None and seconds is None:
        raise UsageError(f"invalid span of time {older_than!r}", hint="git exp gc --older-than 14d")
    with session.repository() as repo:
        found = collect(repo, dry_run=dry_run, older_than=seconds, keep_trash=keep_trash)
    if as_json:
        put_json(
            {"dry_run": dry_run, "runs": list(found.runs), "bytes": found.bytes, "left": list(found.left)}
        )
        return 0
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
    return 0
