"""`git exp get`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.artifacts import Taken
    from gitexp.ops.read import StoredRun

_STDOUT = "-"


@click.command("get")
@click.argument("run", metavar="RUN[:PATH]")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "-o", "--output", default=".", metavar="DIR", help="Write below this folder, not here; - prints one file."
)
@click.option("-f", "--force", is_flag=True, help="Replace files that have other content.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be written.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing of what is written.")
@click.pass_obj
def command(
    session: Session, run: str, paths: tuple[str, ...], output: str, force: bool, dry_run: bool, quiet: bool
) -> int:
    """Take the files that a run produced out of it, hashes checked.

    Without a PATH all artifacts are written, in the folders that they have in the run. A PATH is a file or a
    folder, and is written under its last name. A file that is there already with the same bytes is left as it
    is; where other content is in the way nothing is written, unless --force is given. Damaged bytes are never
    written. RUN is as for git exp show; after best:METRIC paths are arguments of their own.

    \b
    Examples:
      git exp get brave-otter:model.pt
      git exp get best:acc checkpoints -o restored
      git exp get @:scores.json -o - | jq .
    """
    from gitexp.cli.session import note_stale
    from gitexp.errors import UsageError
    from gitexp.ops.artifacts import split, take
    from gitexp.ops.resting import run_of

    text, path = split(run)
    if path is not None:
        paths = (path, *paths)
    with session.repository() as repo:
        found = run_of(repo, text)
        note_stale(found)
        if output == _STDOUT:
            if len(paths) != 1:
                raise UsageError("one file can be printed", hint=f"git exp artifacts {found.name}")
            _print(found, paths[0])
            return 0
        taken = take(found, paths, Path(output), force=force, dry_run=dry_run)
    return _told(found, taken, quiet=quiet, dry_run=dry_run)


def _print(run: StoredRun, path: str) -> None:
    """The bytes of one artifact on stdout, once all of them were found to be right."""
    import shutil

    from gitexp.ops.artifacts import Artifacts

    artifacts = Artifacts(run)
    with artifacts.open(artifacts.named(path)) as checked:
        sys.stdout.flush()
        shutil.copyfileobj(checked, sys.stdout.buffer)
        sys.stdout.buffer.flush()


def _told(run: StoredRun, taken: Sequence[Taken], *, quiet: bool, dry_run: bool) -> int:
    """Says what became of each, and gives the exit code."""
    from gitexp.cli import exit_codes
    from gitexp.cli.render.values import size_text
    from gitexp.cli.session import note, say, tell

    if not taken:
        note(f"run '{run.name}' has no artifacts")
    for one in taken:
        if one.error is not None:
            tell(one.error)
        elif not quiet:
            done = ("would be written" if dry_run else "written") if one.written else "unchanged"
            say(f"{one.target}  {size_text(one.size)}  {done}")
    failed = [one.error for one in taken if one.error is not None]
    if not failed:
        return exit_codes.OK
    remote = any(error.exit_code == exit_codes.REMOTE for error in failed)
    return exit_codes.REMOTE if remote else exit_codes.ERROR
