"""`git exp eval diff`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gitexp.cli.options import cluster_option, limit_option, metrics_option
from gitexp.cli.session import Session, note_stale

if TYPE_CHECKING:
    from gitexp.ops.evaluations.diffing import Difference
    from gitexp.ops.read import StoredRun
    from gitexp.repo import Repository

MOST = 20


@click.command("diff")
@click.argument("runs", nargs=-1, metavar="A B [C]...")
@click.option("--suite", metavar="SUITE", help="Compare only this suite.")
@metrics_option("Compare only this metric. May be repeated.")
@cluster_option
@click.option(
    "--by", metavar="TAG", help="Compare the examples with each value of TAG (the 50 largest) as well."
)
@click.option(
    "--only",
    type=click.Choice(["regressions", "improvements"]),
    help="List only the examples that got worse, or better.",
)
@limit_option("List at most so many examples of a kind (10).")
@click.option("--show-text", is_flag=True, help="Show the answers, where the record has them.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON document.")
@click.option("--md", "as_markdown", is_flag=True, help="Print it as Markdown, for a pull request.")
@click.pass_obj
def command(
    session: Session,
    runs: tuple[str, ...],
    suite: str | None,
    metrics: tuple[str, ...],
    cluster: str | None,
    by: str | None,
    only: str | None,
    limit: int,
    show_text: bool,
    as_json: bool,
    as_markdown: bool,
) -> None:
    """Compare the evaluations of runs, example by example.

    Examples are matched by what they ask, not by their ids. Each metric of a suite that all runs have is
    compared over the examples that both sides have: the means over epochs, a 95 % interval of the difference,
    and whether it may be an accident; regressions are listed first. Where data or grader are others that is
    said before anything else. Of more than two runs each is held against A, and p allows for how many there
    are (Holm).

    With --json everything is told, whatever --only and --limit say; gains are above 0 where it is better.

    The interval is that of paired differences, by Student's t, clustered where the examples are; p of
    right-or-wrong answers is McNemar's mid-p, and that of an ordinal scale a sign test.

    \b
    Examples:
      git exp eval diff baseline @
      git exp eval diff baseline @ --metric match --by topic
      git exp eval diff baseline candidate-a candidate-b --md
    """
    from gitexp.errors import UsageError
    from gitexp.ops.evaluations.diffing import Ask, diff
    from gitexp.ops.resting import run_of

    if not 2 <= len(runs) <= MOST:
        raise UsageError(f"eval diff takes 2 to {MOST} runs, not {len(runs)}", hint="git exp eval diff A B")
    if as_json and as_markdown:
        raise UsageError("--json and --md exclude one another", hint="git exp eval diff -h")
    with session.repository() as repo:
        each = [run_of(repo, text) for text in runs]
        called = [_called(run, text) for run, text in zip(each, runs, strict=True)]
        found = diff(each, Ask(suite, metrics, cluster, by, show_text), called)
        if as_json:
            _put_json(found, show_text)
        elif as_markdown:
            _put_markdown(found, limit=limit, only=only, show_text=show_text)
        else:
            _put_pages(session, repo, found, limit=limit, only=only, show_text=show_text)


def _called(run: StoredRun, text: str) -> str:
    """The name of a run; where git brought its record elsewhere what was asked for, and if it is stale."""
    if run.own:
        return run.name
    return f"{text} (stale)" if note_stale(run) else text


def _put_json(found: Sequence[Difference], show_text: bool) -> None:
    from gitexp.cli.eval_difference_value import difference_value
    from gitexp.cli.json_output import put_json

    put_json(difference_value(found, with_text=show_text))


def _put_markdown(found: Sequence[Difference], *, limit: int, only: str | None, show_text: bool) -> None:
    from gitexp.cli.render.eval_difference_markdown import difference_markdown

    pages = (difference_markdown(one, limit=limit, only=only, show_text=show_text) for one in found)
    click.echo("\n\n".join("\n".join(page) for page in pages))


def _put_pages(
    session: Session,
    repo: Repository,
    found: Sequence[Difference],
    *,
    limit: int,
    only: str | None,
    show_text: bool,
) -> None:
    from gitexp.cli.render.eval_difference import difference_page
    from gitexp.cli.screen import look, put

    screen = look(repo.config, session.environ, use_pager=session.use_pager)
    pages = (difference_page(one, screen, limit=limit, only=only, show_text=show_text) for one in found)
    put("\n\n".join("\n".join(page) for page in pages) + "\n", screen, session.environ)
