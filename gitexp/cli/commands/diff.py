"""`git exp diff`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from gitexp.cli.options import metrics_option
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.code_diff import FileChange
    from gitexp.ops.comparand import Comparands
    from gitexp.ops.compare import Comparison
    from gitexp.repo import Repository

MOST = 20


@click.command("diff")
@click.argument("runs", metavar="A B [C]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Show what is the same as well, and what is noise.")
@metrics_option("Show only this metric. May be repeated.")
@click.option("--code", is_flag=True, help="Show how the code differs, with git diff and your pager.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 where the runs differ, as git diff does.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as one JSON document.")
@click.option("--md", "as_markdown", is_flag=True, help="Print it as Markdown, for a pull request.")
@click.pass_obj
def command(
    session: Session,
    runs: tuple[str, ...],
    everything: bool,
    metrics: tuple[str, ...],
    code: bool,
    exit_code: bool,
    as_json: bool,
    as_markdown: bool,
) -> int:
    """Show what differs between 2 to 20 runs.

    Params, metrics with deltas and which is better, inputs, packages and environment, and in which files the
    code differs; the lines of code are shown with --code. A is what the others are held against. Which way a
    metric is better is told by 'goals' in .gitexp.yaml, or else by its name (loss, accuracy).

    Each is written as RUN is for git exp show. A commit, branch or tag without a record can stand for a run
    as well, with its code and the params in its files, and so can . for the working tree as it is now.

    In the JSON document each line has its values in the order of the runs: null and listed under "missing"
    where a run has none, null and under "unknown" where that part was not recorded. Of two runs, "old",
    "new" and "delta" stand beside them.

    \b
    Examples:
      git exp diff @~1 @
      git exp diff baseline brave-otter . --all
      git exp diff main @ --md
      git exp diff @~1 @ --code
    """
    from gitexp.ops.comparand import comparands
    from gitexp.ops.compare import compare, only_metrics

    _check(runs, code=code, formats=as_json + as_markdown)
    with session.repository() as repo, comparands(repo, runs) as found:
        if code:
            return _show_code(session, repo, found, exit_code)
        sides = [one.side for one in found.each]
        compared = compare(sides, goals=repo.settings.goals, everything=everything)
        if metrics:
            compared = only_metrics(compared, metrics, sides)
        shown = _Shown(found, compared, bool(metrics))
        if as_json or as_markdown:
            (_put_json if as_json else _put_markdown)(repo, shown)
        else:
            _put_page(session, repo, shown)
    return int(exit_code and compared.differs)


class _Shown(NamedTuple):
    """What is to be shown."""

    runs: Comparands
    compared: Comparison
    partial: bool
    """Whether only some metrics were asked for."""

    def files(self, repo: Repository) -> list[list[FileChange]]:
        from gitexp.ops.code_diff import changed_files

        trees = [one.tree for one in self.runs.each]
        if not any(self.compared.code):
            return [[] for _ in trees[1:]]
        return changed_files(repo.git, trees[0], trees[1:], inside=self.runs.inside)


def _check(runs: Sequence[str], *, code: bool, formats: int) -> None:
    from gitexp.errors import UsageError

    if not 2 <= len(runs) <= MOST:
        raise UsageError(f"diff takes 2 to {MOST} runs, not {len(runs)}", hint="git exp diff A B")
    if code and len(runs) > 2:
        raise UsageError("--code compares two runs", hint="git exp diff --code A B")
    if code + formats > 1:
        raise UsageError("--code, --json and --md exclude one another", hint="git exp diff -h")


def _put_json(repo: Repository, shown: _Shown) -> None:
    from gitexp.cli.json_output import put_json
    from gitexp.cli.run_value import comparison_value

    put_json(comparison_value(shown.runs.each, shown.compared, shown.files(repo)))


def _put_markdown(repo: Repository, shown: _Shown) -> None:
    from gitexp.cli.render.comparison_markdown import comparison_markdown

    each, compared, partial = shown.runs.each, shown.compared, shown.partial
    print("\n".join(comparison_markdown(each, compared, shown.files(repo), partial=partial)))


def _put_page(session: Session, repo: Repository, shown: _Shown) -> None:
    from gitexp.cli.render.comparison import comparison_page
    from gitexp.cli.render.comparison_table import comparison_table
    from gitexp.cli.screen import look, put
    from gitexp.ops.code_diff import stat

    screen = look(repo.config, session.environ, use_pager=session.use_pager)
    (each, inside), compared, partial = (shown.runs.each, shown.runs.inside), shown.compared, shown.partial
    if len(each) > 2:
        lines = comparison_table(each, compared, shown.files(repo), screen, partial=partial)
    else:
        trees = [one.tree for one in each]
        told = stat(repo.git, *trees, width=screen.width or 80, inside=inside) if any(compared.code) else ""
        lines = comparison_page(each, compared, told, screen, partial=partial)
    put("\n".join(lines) + "\n", screen, session.environ)


def _show_code(session: Session, repo: Repository, found: Comparands, exit_code: bool) -> int:
    """What git itself says, so that its pager and colours are the user's own."""
    import signal
    import subprocess
    import sys

    from gitexp.ops.code_diff import WITHOUT_RECORD

    before = [] if session.use_pager else ["--no-pager"]
    after = ["--exit-code"] if exit_code else []
    trees = [one.tree for one in found.each]
    sys.stdout.flush()
    # The keyboard is the pager's now; and what stands for the working tree must be cleared away afterwards.
    # Not SIG_IGN, which git would inherit.
    previous = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        arguments = ["git", *before, "diff", *after, *trees, *WITHOUT_RECORD]
        code = subprocess.run(
            arguments, cwd=repo.cwd, env={**session.environ, **found.inside}, check=False
        ).returncode
    finally:
        signal.signal(signal.SIGINT, previous)
    return code if code >= 0 else 128 - code
