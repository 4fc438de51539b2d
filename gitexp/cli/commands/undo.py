"""`git exp undo`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gitexp.cli.options import dry_run_option
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.undo import Step


@click.command("undo")
@click.option("--redo", "again", is_flag=True, help="Make the change again that was taken back last.")
@click.option("--list", "only_list", is_flag=True, help="List what was changed, newest first.")
@click.option("--json", "as_json", is_flag=True, help="List what was changed as one JSON document.")
@dry_run_option
@click.pass_obj
def command(session: Session, again: bool, only_list: bool, as_json: bool, dry_run: bool) -> int:
    """Take back the last change of any git exp command.

    Edits of labels, removals, restorations, moves of baselines, recordings, which go to the trash, and what
    git exp apply did to the files of this working tree. Each further undo takes back the change before.
    Where what was changed has been changed again since, nothing is done. What git exp gc freed cannot be
    brought back.

    \b
    Examples:
      git exp undo
      git exp undo --redo
      git exp undo --list
    """
    from gitexp.cli.json_output import put_json
    from gitexp.cli.session import say
    from gitexp.errors import UsageError
    from gitexp.ops.operations import tree_name
    from gitexp.ops.undo import history, redo, undo

    if (only_list or as_json) and (again or dry_run):
        raise UsageError("a list is asked for, and a change", hint="git exp undo --list")
    with session.repository() as repo:
        if only_list or as_json:
            steps, here = history(repo), tree_name(repo)
            if as_json:
                put_json({"operations": [_value(step) for step in steps]})
            else:
                _list(steps, here)
            return 0
        done = redo(repo, dry_run=dry_run) if again else undo(repo, dry_run=dry_run)
    verb = "done again" if again else "undone"
    say(f"{'would be ' if dry_run else ''}{verb}: {done.what} ({_age(done.at)})")
    return 0


def _list(steps: Sequence[Step], here: str) -> None:
    from gitexp.cli.safe_text import safe
    from gitexp.cli.session import note

    if not steps:
        note("nothing was changed yet")
    for step in steps:
        undone = "  (undone)" if step.undone else ""
        if step.operation.tree not in (None, here):
            undone += "  (in another working tree)"
        print(f"{step.operation.id}  {_age(step.operation.at):>8}  {safe(step.operation.what)}{undone}")


def _value(step: Step) -> dict[str, object]:
    from gitexp.git.refs import ARCHIVE, BASELINE, name_in
    from gitexp.model.times import format_time

    one = step.operation
    runs = sorted(
        {
            *(name_in(each.ref) for each in one.changes if not each.ref.startswith((ARCHIVE, BASELINE))),
            *(each.name for each in one.labels),
        }
    )
    return {
        "id": one.id,
        "at": format_time(one.at),
        "what": one.what,
        "kind": one.kind.value,
        "runs": runs,
        "undone": step.undone,
    }


def _age(at: float) -> str:
    from gitexp.cli.render.times import age_text

    told = age_text(max(0.0, time.time() - at))
    return told if told == "now" else f"{told} ago"
