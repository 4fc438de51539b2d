"""`git exp report`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitexp.cli.options import cluster_option, limit_option
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.cli.screen import Screen
    from gitexp.ops.reporting.report import Report


@click.command("report")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option(
    "--base",
    default="main",
    metavar="BASE",
    help="What they are held against: a baseline, revision or run (main).",
)
@cluster_option
@limit_option("List at most so many examples that got worse, of each metric (10).")
@click.option("--with-text", is_flag=True, help="Show answers, where the record has them.")
@click.option("--md", is_flag=True, help="Print it as Markdown, for a pull request.")
@click.option("--html", is_flag=True, help="Print it as one HTML file that needs nothing else.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON document.")
@click.option("-o", "--output", metavar="FILE", help="Write it to a file.")
@click.pass_obj
def command(
    session: Session,
    runs: tuple[str, ...],
    base: str,
    cluster: str | None,
    limit: int,
    with_text: bool,
    md: bool,
    html: bool,
    as_json: bool,
    output: str | None,
) -> None:
    """Tell what a branch did to the numbers.

    The runs of HEAD, those of exactly its code first, or else of the nearest commit of the branch that has
    any, are held against BASE: a baseline of that name, or the run of the commit that HEAD has branched off
    from that revision, or of the nearest one before it. Repetitions of one run are told as one, by their
    means, unless they were evaluated example by example.

    Of each metric the change is told, its 95 % interval, and whether it is more than chance, as far as the
    examples of evaluations, repeated runs or 'noise' in .gitexp.yaml tell; then which examples got worse,
    and which params, inputs, packages and files are others. What makes runs incomparable comes first. No
    text of a benchmark is told without --with-text. The exit code says nothing of the numbers: that is for
    a gate. It works in a shallow clone, once the runs are there: git exp fetch.

    \b
    Examples:
      git exp report
      git exp report --base origin/main --md
      git exp report brave-otter --base baseline:main --html -o report.html
    """
    from gitexp.cli.file_output import write_file
    from gitexp.cli.screen import Screen, look, put
    from gitexp.ops.reporting.report import report

    form = _form(md=md, html=html, json=as_json)
    with session.repository() as repo:
        found = report(repo, runs, base, cluster, with_text=with_text)
        screen = look(repo.config, session.environ, use_pager=session.use_pager)
        shown = Screen() if output is not None else screen
        text = _text(found, form, shown, limit=limit, with_text=with_text)
    if output is not None:
        write_file(output, text.encode("utf-8", "backslashreplace"))
    elif form is None:
        put(text, screen, session.environ)
    else:
        click.echo(text, nl=False)


def _form(**asked: bool) -> str | None:
    """The one that is asked for; None for a page."""
    from gitexp.errors import UsageError

    forms = [name for name, wanted in asked.items() if wanted]
    if len(forms) > 1:
        raise UsageError("--md, --html and --json exclude one another", hint="git exp report -h")
    return forms[0] if forms else None


def _text(found: Report, form: str | None, screen: Screen, *, limit: int, with_text: bool) -> str:
    if form == "json":
        from gitexp.cli.json_output import document_text
        from gitexp.cli.report_value import report_value

        return document_text(report_value(found))
    from gitexp.cli.render.report_document import document

    told = document(found, limit=limit, with_text=with_text)
    if form == "md":
        from gitexp.cli.render.report_markdown import report_markdown

        lines = report_markdown(told)
    elif form == "html":
        from gitexp.cli.render.report_html import report_html

        lines = report_html(told)
    else:
        from gitexp.cli.render.report_page import report_page

        lines = report_page(told, screen)
    return "\n".join(lines) + "\n"
