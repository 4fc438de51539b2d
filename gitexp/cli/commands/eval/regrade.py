"""`git exp eval regrade`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gitexp.cli.options import limit_option
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.evaluations.regrading import Regraded


@click.command("regrade")
@click.argument("run", metavar="RUN")
@click.argument("suite", metavar="SUITE")
@click.argument("cmd", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@click.option("--scores", metavar="FILE", help="Take the scores from FILE, JSON lines or CSV.")
@click.option("-m", "--reason", metavar="TEXT", help="Why the scores are to be others.")
@click.option("--grader", metavar="NAME", help="What graded is known by NAME, whatever it is made of.")
@click.option("--id", "id_", metavar="COLUMN", help="The column of the examples' ids.")
@click.option("--epoch", metavar="COLUMN", help="The column of the epochs.")
@click.option(
    "--score", "scored", metavar="COLUMN", multiple=True, help="A column of scores. May be repeated."
)
@click.option("--partial", is_flag=True, help="Take what there is, and leave all other scores as they are.")
@limit_option("List at most so many examples of a metric (10).")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON document.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what is odd.")
@click.pass_obj
def command(
    session: Session,
    run: str,
    suite: str,
    cmd: tuple[str, ...],
    scores: str | None,
    reason: str | None,
    grader: str | None,
    id_: str | None,
    epoch: str | None,
    scored: tuple[str, ...],
    partial: bool,
    limit: int,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Replace the scores of a suite.

    They are corrected by people, or graded anew by a program. The new scores are a commit on top of the run,
    with its author and the reason; the old ones stay reachable and git exp undo brings them back. Means,
    errors and counts of the suite are computed again. What graded becomes the run's grader, so comparisons
    with runs that were graded in another way say so.

    FILE has a row for each answer: id, epoch (where there are several) and a column for each metric. COMMAND
    gets such rows as JSON lines on its input, with x, y, tags and scores and, where the run or its log keeps
    them, input, target, output and answer; it prints a row of id, epoch and scores for each of them. A row
    with the state "error" loses its scores.

    Rows that the suite does not have, and answers that get no new score, are refused before anything is
    written; with --partial the former are left out and the latter stay as they are.

    \b
    Examples:
      git exp eval regrade brave-otter qa --scores fixed.csv --partial -m "two wrong labels"
      git exp eval regrade @ qa -m "stricter match" -- python grade.py --strict
      git exp eval regrade @ qa -n -- python grade.py
    """
    from gitexp.errors import UsageError
    from gitexp.interop.imported import Columns
    from gitexp.ops.evaluations.graders import Grader, grades
    from gitexp.ops.evaluations.regrading import regrade
    from gitexp.ops.resolve import resolve

    if bool(cmd) == (scores is not None):
        raise UsageError("eval regrade takes --scores FILE or -- COMMAND", hint="git exp eval regrade -h")
    if reason is None and not dry_run:
        raise UsageError("no reason is given", hint="-m 'why the scores are to be others'")
    asked = Grader(scores, cmd, Columns(id=id_, epoch=epoch, scores=scored), grader)
    with session.repository() as repo:
        done = regrade(
            resolve(repo, run),
            suite,
            lambda old, problems: grades(repo, old, asked, problems),
            reason or "a dry run",
            with_text=bool(cmd),
            partial=partial,
            dry_run=dry_run,
        )
    _tell(done, dry_run, quiet)
    if as_json:
        from gitexp.cli.json_output import put_json, strict

        put_json(strict(_value(done)))
    elif not quiet:
        from gitexp.cli.render.regrading import regrading_lines

        click.echo("\n".join(regrading_lines(done, limit=limit)))


def _tell(done: Regraded, dry_run: bool, quiet: bool) -> None:
    from gitexp.cli.session import note, say, warn
    from gitexp.errors import GitExpError

    for warning in done.warnings:
        warn(GitExpError(warning))
    if not done.rescored.changes:
        note("no score is another one")
    elif not dry_run and not quiet:
        say(f"exp {done.name} regraded: git exp eval show {done.name}")


def _value(done: Regraded) -> dict[str, Any]:
    from gitexp.cli.eval_difference_value import compared_value
    from gitexp.formats.inputs import input_value

    suite = done.rescored.new
    return {
        "run": done.name,
        "suite": suite.name,
        "commit": done.commit,
        "rows": len(suite.results),
        "changed": [
            {
                **{"id": old.id, "epoch": old.epoch},
                **{
                    side: {"state": one.state.value, "scores": dict(one.scores)}
                    for side, one in (("before", old), ("after", new))
                },
            }
            for old, new in done.rescored.changes
        ],
        "metrics": {one.metric.name: compared_value(one) for one in done.comparison.metrics},
        "means": dict(done.metrics),
        "grader": input_value(done.grader),
        "warnings": list(done.warnings),
    }
