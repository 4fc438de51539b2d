"""`git exp branch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.branch import Branched


@click.command("branch")
@click.argument("run")
@click.argument("name")
@click.option("--with-record", is_flag=True, help="Point it to the run's own commit, .exp/ included.")
@click.option("-f", "--force", is_flag=True, help="Move a branch of that name to the run.")
@click.option("--json", "as_json", is_flag=True, help="Print where the branch is as one JSON document.")
@click.option("-q", "--quiet", is_flag=True, help="Do not say where the branch is.")
@click.pass_obj
def command(
    session: Session, run: str, name: str, with_record: bool, force: bool, as_json: bool, quiet: bool
) -> None:
    """Make a branch at a run, to go on from there.

    The branch points to the code as it ran, without the record: to the commit that the run started from or,
    where something was not committed then, to a commit on top of that, of the run's author and with a trailer
    that names the run. The same run gives the same commit. It is not switched to. A branch that exists is
    left alone without --force, and one that is checked out in any case. RUN is written as for git exp show.

    \b
    Examples:
      git exp branch brave-otter wider-net
      git exp branch best:acc idea && git switch idea
      git exp branch @ evidence --with-record
    """
    from gitexp.cli.json_output import put_json
    from gitexp.ops.branch import branch
    from gitexp.ops.resolve import resolve

    with session.repository() as repo:
        made = branch(resolve(repo, run), name, with_record=with_record, force=force)
    if as_json:
        value = {"name": made.run, "branch": made.branch, "commit": made.commit, "before": made.before}
        put_json({**value, "record": with_record})
    if not quiet:
        _tell(made, "the run's commit" if with_record else "the code")


def _tell(made: Branched, what: str) -> None:
    import shlex

    from gitexp.cli.session import say

    name = shlex.quote(made.branch)
    say(f"branch '{made.branch}' is at {made.commit[:10]}, {what} of exp {made.run}")
    say(f"hint: git switch {name}")
    back = f"git branch -f {name} {made.before[:10]}" if made.before else f"git branch -D {name}"
    say(f"hint: {back} takes it back")
