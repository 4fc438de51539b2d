"""`git exp diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.read import StoredRun
    from gitexp.repo import Repository


@click.command("diff")
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@click.option("--all", "everything", is_flag=True, help="Show what is the same as well.")
@click.option("--code", is_flag=True, help="Show how the code differs, with git diff and your pager.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 where the runs differ, as git diff does.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as one JSON document.")
@click.pass_obj
def command(
    session: Session, old: str, new: str, everything: bool, code: bool, exit_code: bool, as_json: bool
) -> int:
    """Show what differs between two runs.

    Params, metrics with deltas, inputs, packages and environment, and in which files the code differs; the
    lines of code are shown with --code. A and B are written as RUN is for git exp show.

    \b
    Examples:
      git exp diff @~1 @
      git exp diff baseline brave-otter --all
      git exp diff @~1 @ --code
    """
    from gitexp.cli.json_output import put_json
    from gitexp.cli.render.comparison import comparison_page
    from gitexp.cli.run_value import comparison_value
    from gitexp.cli.screen import look, put
    from gitexp.ops import code_diff
    from gitexp.ops.compare import compare
    from gitexp.ops.resolve import resolve

    with session.repository() as repo:
        one, other = resolve(repo, old), resolve(repo, new)
        if code:
            _show_code(session, repo, one, other, exit_code)
        found = compare(one.whole, other.whole, everything=everything)
        if as_json:
            files = code_diff.changed_files(repo.git, one.commit, other.commit) if found.code else []
            put_json(comparison_value(one, other, found, files))
        else:
            screen = look(repo.config, session.environ, use_pager=session.use_pager)
            width = screen.width or 80
            stat = code_diff.stat(repo.git, one.commit, other.commit, width=width) if found.code else ""
            lines = comparison_page(one, other, found, stat, screen)
            put("\n".join(lines) + "\n", screen, session.environ)
    return int(exit_code and found.differs)


def _show_code(
    session: Session, repo: Repository, old: StoredRun, new: StoredRun, exit_code: bool
) -> NoReturn:
    """git takes this process over, so that its pager, colours and exit code are the user's own."""
    import os
    import sys

    from gitexp.ops.code_diff import WITHOUT_RECORD

    before = [] if session.use_pager else ["--no-pager"]
    after = ["--exit-code"] if exit_code else []
    repo.close()
    sys.stdout.flush()
    arguments = ["git", *before, "diff", *after, old.commit, new.commit, *WITHOUT_RECORD]
    os.execvpe("git", arguments, dict(session.environ))
