"""`git exp apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.apply.applying import Applied
    from gitexp.ops.read import StoredRun


@click.command("apply")
@click.argument("run", metavar="RUN")
@click.option("--code", is_flag=True, help="Bring its code; so it is where no part is asked for.")
@click.option("--params", is_flag=True, help="Set its params in your params files, the rest of them kept.")
@click.option("--artifacts", is_flag=True, help="Put the files that it produced where they were.")
@click.option("-n", "--dry-run", is_flag=True, help="Check everything, and only say what would be done.")
@click.option("-q", "--quiet", is_flag=True, help="Do not say what was changed.")
@click.option("--json", "as_json", is_flag=True, help="Print what was changed as one JSON document.")
@click.pass_obj
def command(
    session: Session,
    run: str,
    code: bool,
    params: bool,
    artifacts: bool,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Bring what a run had into the working tree.

    Every file of the run's code is then as git would check it out, and a file that HEAD or the index tracks
    and the run did not have is gone. Files that are ignored, and untracked ones that the run did not have,
    stay as they are. HEAD, the index and the stash are not touched. The filters of your settings run only on
    code that you recorded in this clone, or that a key you trust has signed.

    With --params, each param of the run is set in the file that has its key, a key of no file in the first
    one; other keys, comments and layout stay. With --artifacts, each artifact goes to the path that it has in
    the run, seen from the root, hashes checked.

    Everything is checked first, and all of it is done or nothing. What is in no commit, not in the index
    and in no run is never overwritten or removed. git exp undo takes it all back, byte for byte, until git
    exp gc frees what it needs for that. RUN is as for git exp show.

    \b
    Examples:
      git exp apply brave-otter
      git exp apply best:acc --params
      git exp apply @~1 --code --artifacts -n
    """
    from gitexp.cli.json_output import put_json
    from gitexp.ops.apply.applying import Parts, apply
    from gitexp.ops.resolve import resolve

    parts = Parts(code or not (params or artifacts), params, artifacts)
    with session.repository() as repo:
        found = resolve(repo, run)
        applied = apply(found, parts, dry_run=dry_run)
    if as_json:
        put_json(
            {
                "run": found.name,
                "dry_run": dry_run,
                "written": list(applied.written),
                "removed": list(applied.removed),
                "notes": list(applied.told),
                "operation": applied.operation,
            }
        )
    else:
        _tell(found, applied, dry_run=dry_run, quiet=quiet)
    return 0


def _tell(run: StoredRun, applied: Applied, *, dry_run: bool, quiet: bool) -> None:
    from gitexp.cli.session import note, say

    for sentence in applied.told:
        note(sentence)
    if dry_run:
        for path in applied.written:
            say(f"would write {path}")
        for path in applied.removed:
            say(f"would remove {path}")
    if quiet:
        return
    if not applied.written and not applied.removed:
        say(f"the working tree has all that of {run.name} already")
        return
    would = "would be " if dry_run else ""
    counts = f"{_count(applied.written)} {would}written, {_count(applied.removed)} {would}removed"
    say(f"exp {run.name} {would}applied: {counts}")
    if not dry_run:
        say("hint: git exp undo")


def _count(paths: tuple[str, ...]) -> str:
    return f"{len(paths)} file{'' if len(paths) == 1 else 's'}"
