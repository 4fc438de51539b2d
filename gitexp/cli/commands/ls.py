"""`git exp ls`."""

from __future__ import annotations

import click

from gitexp.cli.list_runs import Options, list_runs
from gitexp.cli.options import BareOptions
from gitexp.cli.session import Session
from gitexp.errors import UsageError
from gitexp.ops.views import Request


@click.command("ls", cls=BareOptions, short_help="List runs, newest first.")
@click.argument("query", nargs=-1)
@click.option(
    "--sort",
    metavar="KEY",
    help="Sort by a key; -KEY from great to small. Missing values come last. Groups are sorted by means.",
)
@click.option("-n", "--limit", metavar="N", type=click.IntRange(min=0), help="Show at most so many runs.")
@click.option("-r", "--reverse", is_flag=True, help="Show those that are shown in the opposite order.")
@click.option(
    "--columns",
    metavar="KEYS",
    multiple=True,
    help="Show these keys and nothing else: name,status,params.lr,metrics.acc.max. +KEY shows it beside "
    "the usual columns; all shows everything.",
)
@click.option(
    "--group-by",
    metavar="KEYS",
    multiple=True,
    help="One line for the runs that are the same in these keys: how many, and of each metric mean ± "
    "standard deviation.",
)
@click.option(
    "--commit",
    metavar="REV",
    help="Show the runs of a commit alone: those that its message names, and those of exactly its code.",
)
@click.option("--view", metavar="NAME", help="Start from a view that .gitexp.yaml holds.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document with every run.")
@click.option("--ndjson", is_flag=True, help="Print JSON, one run a line.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with every param and metric.")
@click.option("--md", is_flag=True, help="Print a table in GitHub's Markdown.")
@click.option("--name-only", is_flag=True, help="Print names alone.")
@click.option(
    "--format",
    "template",
    metavar="TEMPLATE",
    help="Print a line for each run, as git for-each-ref does: '%(name) %(metrics.acc)'; %% is a percent "
    "sign, %09 a tab. Of a group a number is the mean; %(acc:std), :min, :max and :n are the others, %(n) "
    "counts the runs.",
)
@click.option("-z", "nul", is_flag=True, help="End records with NUL, for --format, --name-only and --ndjson.")
@click.option(
    "--watch",
    metavar="SECONDS",
    type=click.FloatRange(min=0.1, max=86400),
    help="Paint the table anew every so many seconds, 2 without a number, until Ctrl-C. Write --watch=5.",
)
@click.option(
    "--color",
    "colour",
    metavar="WHEN",
    type=click.Choice(["always", "never", "auto"]),
    help="Use colours: always, which is also --color alone, never or auto.",
)
@click.pass_obj
def command(
    session: Session,
    query: tuple[str, ...],
    sort: str | None,
    limit: int | None,
    reverse: bool,
    columns: tuple[str, ...],
    group_by: tuple[str, ...],
    commit: str | None,
    view: str | None,
    as_json: bool,
    ndjson: bool,
    as_csv: bool,
    md: bool,
    name_only: bool,
    template: str | None,
    nul: bool,
    watch: float | None,
    colour: str | None,
) -> None:
    """List the runs that QUERY asks for, newest first; all without one.

    Beside name, status, age, title, group and tags stand the metrics and params, those that differ between
    the runs first, as many as fit. A run that is being recorded shows how far it is: running 12/50.

    A QUERY is made of conditions, joined by and, or, not and brackets: params.lr < 1e-3, acc.max > .9,
    name ~ '^base', model in [a, b], tag:paper, is:failed, has:params.seed, started > 3d (in the last three
    days). A key without params. or metrics. is whichever there is; write params."my key" for blanks.
    A comparison with what a run does not have is false.

    \b
    Examples:
      git exp ls
      git exp ls 'params.lr < 1e-3 and tag:baseline' --sort -acc -n 5
      git exp ls --columns name,lr,acc.max,note
      git exp ls --group-by params.model --sort -acc
      git exp ls --commit HEAD
      git exp ls --csv >runs.csv
      git exp ls --format '%(name) %(metrics.acc)'
      git exp ls --json | jq -r '.runs[] | select(.status == "finished") | .name'
    """
    flags = {
        "--json": as_json,
        "--ndjson": ndjson,
        "--csv": as_csv,
        "--md": md,
        "--name-only": name_only,
        "--format": template is not None,
        "--watch": watch is not None,
    }
    request = Request(
        " ".join(query),
        sort,
        limit,
        reverse,
        columns=",".join(columns) if columns else None,
        group_by=",".join(group_by) if group_by else None,
        commit=commit,
    )
    output = _output([flag for flag, given in flags.items() if given], nul)
    if request.columns is not None and output in ("format", "name-only"):
        raise UsageError(f"--columns and --{output} cannot be used together")
    list_runs(session, Options(request, view, output, template or "", nul, colour, watch))


def _output(given: list[str], nul: bool) -> str:
    """The key of OUTPUTS that is asked for."""
    if len(given) > 1:
        raise UsageError(f"{given[0]} and {given[1]} cannot be used together")
    output = given[0].removeprefix("--") if given and given != ["--watch"] else "table"
    if nul and output not in ("ndjson", "format", "name-only"):
        raise UsageError("-z needs --format, --name-only or --ndjson", hint="git exp ls --name-only -z")
    return output
