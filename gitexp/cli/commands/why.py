"""`git exp why`."""

from __future__ import annotations

import click

from gitexp.cli.session import Session, note_stale


@click.command("why")
@click.argument("run", metavar="[RUN]", default="@")
@click.argument("metric", metavar="[METRIC]", required=False)
@click.option(
    "--vs",
    metavar="RUN",
    help="Hold it against this run, or the run of a commit; parent, best, baseline or baseline:NAME.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON document.")
@click.option("--md", "as_markdown", is_flag=True, help="Print it as Markdown, for a pull request.")
@click.pass_obj
def command(
    session: Session, run: str, metric: str | None, vs: str | None, as_json: bool, as_markdown: bool
) -> None:
    """Say why a run has its score: what made it, and what changed.

    First the metric and how sure it is: by the examples of its evaluation, or by repeated runs. Then all that
    produced it, and how firmly each is pinned: by content, by revision, by a name alone, or by a guess. Then
    what changed against another run: prompts and graders as a diff of lines, settings and params by key,
    datasets by example, the environment by package, code by file. Several changes at once are warned of; the
    runs that differ in one thing alone are listed with what they show, and so is the command for the run that
    would tell the causes apart.

    Without --vs it is held against its parent, else against the latest earlier run with the same dataset and
    grader. Of METRIC the last part is enough where only one ends so: match for qa/match. Without it the first
    one in 'goals' of .gitexp.yaml counts, else one of an evaluation, else the one whose name says most.

    Where dataset or grader are others, that is said first, and only examples that both have unchanged are
    compared. With --vs best it is told how much of being the best of so many runs is luck.

    \b
    Examples:
      git exp why
      git exp why brave-otter qa/match --vs best
      git exp why @ --vs baseline --json
    """
    from gitexp.errors import UsageError
    from gitexp.ops.why.asking import why

    if as_json and as_markdown:
        raise UsageError("--json and --md exclude one another", hint="git exp why -h")
    with session.repository() as repo:
        found = why(repo, run, metric, vs)
        note_stale(found.run)
        if as_json:
            from gitexp.cli.json_output import put_json
            from gitexp.cli.why_value import why_value

            put_json(why_value(found))
            return
        from gitexp.cli.render.why_page import why_markdown, why_page
        from gitexp.cli.screen import look, put

        screen = look(repo.config, session.environ, use_pager=session.use_pager)
        if as_markdown:
            click.echo("\n".join(why_markdown(found)))
            return
        page = "\n".join(why_page(found, screen)) + "\n"
    put(page, screen, session.environ)
