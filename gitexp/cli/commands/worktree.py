"""`git exp worktree`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gitexp.cli.options import dry_run_option
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.run_worktree import Planned, RunWorktree
    from gitexp.ops.supply import Restored


@click.command("worktree")
@click.argument("run")
@click.argument("folder", metavar="DIR")
@click.option("-b", "--branch", metavar="NAME", help="Put it on a new branch at the code of the run.")
@click.option("--no-artifacts", is_flag=True, help="Leave out what the run produced.")
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print what became of each file as one JSON document.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what could not be restored.")
@click.pass_obj
def command(
    session: Session,
    run: str,
    folder: str,
    branch: str | None,
    no_artifacts: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Make a worktree with a run as it was.

    It has the code as it ran, the inputs, and what the run produced. HEAD is detached at the commit that the
    run started from, and what was not committed then is staged, so that git status shows it. With --branch,
    and for a run that started before the first commit, it is at a commit of the code, as git exp branch makes
    it. Inputs and artifacts are put at their paths by their hash: from your working tree, this clone's
    artifact store, or where others keep them. They are copies, which share their blocks where the file system
    can. What is gone, or has other content in its place, is told, and the exit code is 0 all the same.
    Submodules stay empty.

    No hook is run, and the filters of your settings only for code that you recorded in this clone, or that a
    key you trust has signed. RUN is written as for git exp show.

    What is put there and is not ignored is code of the runs that are made there; of artifacts that is seldom
    meant: with --no-artifacts they are left out. git worktree remove --force DIR takes the worktree away;
    without --force git refuses where files are staged or untracked.

    \b
    Examples:
      git exp worktree brave-otter ../otter
      git exp worktree best:acc ../best --branch wider-net
      git exp worktree --no-artifacts brave-otter ../again
    """
    from gitexp.cli.json_output import put_json
    from gitexp.ops.resolve import resolve
    from gitexp.ops.run_worktree import make, plan

    with session.repository() as repo:
        found = resolve(repo, run)
        planned = plan(found, Path(folder), branch)
        made = None if dry_run else make(found, planned, artifacts=not no_artifacts)
    if as_json:
        put_json(_value(found.commit, planned, made))
    _tell(planned, made, quiet=quiet)


def _value(commit: str, planned: Planned, made: RunWorktree | None) -> dict[str, Any]:
    return {
        "name": planned.run,
        "commit": commit,
        "dry_run": made is None,
        "path": str(planned.path),
        "head": planned.head,
        "branch": planned.branch,
        "trusted": planned.trusted,
        "submodules": list(made.submodules) if made else [],
        "files": [_file(kind, one) for kind, files in _kinds(made) for one in files],
    }


def _kinds(made: RunWorktree | None) -> list[tuple[str, tuple[Restored, ...]]]:
    if made is None:
        return []
    return [("code", made.pointers), ("input", made.inputs), ("artifact", made.artifacts)]


def _file(kind: str, one: Restored) -> dict[str, Any]:
    return {
        "kind": kind,
        "path": one.path,
        "oid": f"sha256:{one.oid}",
        "size": one.size,
        "source": one.source.value if one.source else None,
        "error": one.error.message if one.error else None,
    }


def _tell(planned: Planned, made: RunWorktree | None, *, quiet: bool) -> None:
    import shlex

    from gitexp.cli.session import note, say, warn
    from gitexp.errors import GitExpError

    if planned.code.lost:
        note(f"the commit that run '{planned.run}' started from is not in this clone")
    if not planned.trusted:
        note(f"run '{planned.run}' was not recorded here: no filter of yours is run on its files")
    for kind, files in _kinds(made):
        for one in files:
            if one.error is not None:
                warn(GitExpError(f"{kind} '{one.path}' is not restored: {one.error.message}"))
    for path in made.submodules if made else ():
        update = f"git -C {shlex.quote(str(planned.path))} submodule update --init"
        warn(GitExpError(f"submodule '{path}' is empty", hint=update))
    if quiet:
        return
    at = f"on branch '{planned.branch}'" if planned.branch else f"at {planned.head[:10]}"
    would = "" if made else " would be made"
    say(f"worktree '{planned.path}'{would} {at}: the code of exp {planned.run}")
    for kind, files in _kinds(made):
        count = sum(one.error is None for one in files)
        if count and kind != "code":
            say(f"{count} {kind}{'' if count == 1 else 's'} restored")
    if made:
        say(f"hint: cd {shlex.quote(str(planned.path))}")
