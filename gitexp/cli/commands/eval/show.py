"""`git exp eval show`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from gitexp.cli.session import Session, note_stale

if TYPE_CHECKING:
    from gitexp.cli.render.table import Column
    from gitexp.ops.evaluations.looking import Looked, Measured
    from gitexp.ops.read import StoredRun

_LIMIT = 50


@click.command("show")
@click.argument("run", default="@")
@click.option(
    "--suite", "suites", metavar="NAME", multiple=True, help="Show only this suite. May be repeated."
)
@click.option("-m", "--metric", metavar="METRIC", help="Show only this metric.")
@click.option("--by", metavar="TAG", help="Show the means of each value of a tag.")
@click.option("--failed", is_flag=True, help="Show the answers that have less than the whole score.")
@click.option("--errors", is_flag=True, help="Show the answers that ended in an error or at a limit.")
@click.option(
    "--limit", metavar="N", type=click.IntRange(min=0), default=_LIMIT, help="Show at most so many rows (50)."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--md", "as_markdown", is_flag=True, help="Print it as Markdown, for a pull request.")
@click.pass_obj
def command(
    session: Session,
    run: str,
    suites: tuple[str, ...],
    metric: str | None,
    by: str | None,
    failed: bool,
    errors: bool,
    limit: int,
    as_json: bool,
    as_markdown: bool,
) -> None:
    """Show the evaluations of a run.

    Of each suite: how many examples and epochs, how many answers ended in an error, and for each metric the
    mean over examples with its standard error. Where examples have clusters, the error allows for them. With
    several epochs of right or wrong answers stand pass@k, the chance that one of k answers is right, and
    pass^k, the chance that all are; examples with fewer answers have no part in them, and are counted.

    --failed and --errors list answers; what was said stands beside them where text was kept. RUN is written
    as for git exp show.

    \b
    Examples:
      git exp eval show
      git exp eval show brave-otter --by topic
      git exp eval show @ --suite tinyqa --failed --limit 10
    """
    from gitexp.errors import UsageError
    from gitexp.ops.evaluations.looking import Question, look_at
    from gitexp.ops.evaluations.reading import read_suites
    from gitexp.ops.resting import run_of

    if as_json and as_markdown:
        raise UsageError("--json and --md exclude one another", hint="git exp eval show -h")
    question = Question(metric, by, failed, errors)
    with session.repository() as repo:
        found = run_of(repo, run)
        if not found.own:
            note_stale(found)
        read = read_suites(found, suites, with_text=failed or errors)
        looked = [look_at(one, question) for one in read]
        if as_json:
            _put_json(found, looked, limit)
        else:
            _put(session, found, looked, limit, as_markdown)


def _put_json(run: StoredRun, looked: Sequence[Looked], limit: int) -> None:
    from gitexp.cli.json_output import put_json, strict

    suites = [_value(one, limit) for one in looked]
    put_json(strict({"name": run.name, "commit": run.commit, "suites": suites}))


def _put(session: Session, run: StoredRun, looked: Sequence[Looked], limit: int, as_markdown: bool) -> None:
    from gitexp.cli.screen import look, put
    from gitexp.cli.session import note

    screen = look(run.repo.config, session.environ, use_pager=session.use_pager and not as_markdown)
    if not looked:
        note(f"run '{run.name}' has no evaluations")
        return
    lines = [line for one in looked for line in _lines(one, limit, as_markdown, screen.colour)]
    put("\n".join(lines[1:]) + "\n", screen, session.environ)
    for one in looked:
        if len(one.rows) > limit:
            note(f"{len(one.rows) - limit} rows more of {one.suite.name}: --limit {len(one.rows)} shows all")


def _lines(one: Looked, limit: int, as_markdown: bool, colour: bool) -> Iterator[str]:
    from gitexp.cli.render.evaluation import (
        heading,
        measured_columns,
        no_whole_lines,
        passes_lines,
        regraded_lines,
        row_columns,
        slice_columns,
        warning_lines,
    )
    from gitexp.cli.render.markdown_text import escaped
    from gitexp.cli.render.paint import Paint

    paint = Paint(colour)
    yield ""
    yield f"### {escaped(heading(one))}" if as_markdown else paint("bold", heading(one))
    told = warning_lines(one), regraded_lines(one), passes_lines(one.measured), no_whole_lines(one)
    for line in (line for lines in told for line in lines):
        yield f"\n{escaped(line)}" if as_markdown else f"  {line}"
    tables = [measured_columns(one.measured)]
    if one.slices:
        tables.append(slice_columns(one))
    if one.rows:
        tables.append(row_columns(one, one.rows[:limit]))
    for columns in tables:
        if as_markdown:
            yield ""
        yield from _table(columns, as_markdown, paint)
        if not as_markdown and columns is not tables[-1]:
            yield ""


def _table(columns: Sequence[Column], as_markdown: bool, paint: Any) -> Iterator[str]:
    from gitexp.cli.render.markdown_table import markdown_table
    from gitexp.cli.render.table import table

    yield from markdown_table(columns) if as_markdown else table(columns, paint, indent="  ")


def _value(one: Looked, limit: int) -> dict[str, Any]:
    from gitexp.formats.eval_files import meta_value

    return {
        **{key: value for key, value in meta_value(one.suite).items() if key != "format"},
        "metrics": {found.metric.name: _measured_value(found) for found in one.measured},
        "slices": [
            {
                "value": part.value,
                "examples": part.examples,
                "metrics": {found.metric.name: _measured_value(found) for found in part.measured},
            }
            for part in one.slices
        ],
        "rows": [
            {"id": row.id, "epoch": row.epoch, "state": row.state.value, "scores": dict(row.scores)}
            for row in one.rows[:limit]
        ],
        "rows_left_out": max(0, len(one.rows) - limit),
        "no_whole_score": list(one.no_whole),
    }


def _measured_value(found: Measured) -> dict[str, Any]:
    mean = found.mean
    return {
        "kind": found.metric.kind.value,
        "direction": found.metric.direction.value,
        "guessed": found.metric.guess.value if found.metric.guess else None,
        "mean": mean.value if mean else None,
        "se": mean.se if mean else None,
        "n": mean.n if mean else 0,
        "clusters": mean.clusters if mean else None,
        "pass_at": {str(k): value for k, value in found.pass_at.items()},
        "pass_all": {str(k): value for k, value in found.pass_all.items()},
        "pass_left_out": {str(k): count for k, count in found.left_out.items()},
    }
