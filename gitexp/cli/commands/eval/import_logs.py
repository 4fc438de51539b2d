"""`git exp eval import`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.evaluations.importing import Brought

FORMATS = ("inspect", "lm-eval", "promptfoo", "deepeval", "eee", "jsonl", "csv")
_MOST = 10


@click.command("import")
@click.argument("paths", metavar="[PATH...]", nargs=-1)
@click.option(
    "--format",
    "format_",
    metavar="|".join(FORMATS),
    help="Which kind of log it is. Without it its content tells.",
)
@click.option("--attach", metavar="RUN", help="Put the results on this run instead of making a new one.")
@click.option("--suite", metavar="NAME", help="What to call the suite. Without it the log tells.")
@click.option("--name", metavar="NAME", help="Words that the run's name begins with.")
@click.option("--cluster", metavar="KEY", help="The metadata that says which examples belong together.")
@click.option("--id", "id_", metavar="COLUMN", help="Of a plain table: the column of the examples' ids.")
@click.option("--input", "input_", metavar="COLUMN", help="Of a plain table: the column of the inputs.")
@click.option("--target", metavar="COLUMN", help="Of a plain table: the column of the targets.")
@click.option("--output", metavar="COLUMN", help="Of a plain table: the column of the answers.")
@click.option("--epoch", metavar="COLUMN", help="Of a plain table: the column of the epochs.")
@click.option(
    "--score",
    "scores",
    metavar="COLUMN",
    multiple=True,
    help="Of a plain table: a column of scores. May be repeated.",
)
@click.option(
    "--tag",
    "tags",
    metavar="COLUMN",
    multiple=True,
    help="A column, or a field of lm-eval's documents, to keep as a tag of the examples. May be repeated.",
)
@click.option(
    "--use",
    "uses",
    metavar="ROLE=WHAT",
    multiple=True,
    help="An input that the log does not tell of, or not rightly: a path, a value, or none. May be repeated.",
)
@click.option("--with-text", is_flag=True, help="Keep inputs, targets and answers in git as well.")
@click.option("--partial", is_flag=True, help="Take what is good of a log that is damaged.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be imported.")
@click.option("--json", "as_json", is_flag=True, help="Print what was imported as one JSON document.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what is odd.")
@click.pass_obj
def command(
    session: Session,
    paths: tuple[str, ...],
    format_: str | None,
    attach: str | None,
    suite: str | None,
    name: str | None,
    cluster: str | None,
    id_: str | None,
    input_: str | None,
    target: str | None,
    output: str | None,
    epoch: str | None,
    scores: tuple[str, ...],
    tags: tuple[str, ...],
    uses: tuple[str, ...],
    with_text: bool,
    partial: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Bring in logs of evaluations that other tools wrote.

    Each log becomes a finished run with its results example by example, their means as metrics, and model,
    prompt, dataset, grader, settings and seeds as its inputs, as far as the log tells of them. Its code is
    that of the commit that the log names, where this repository has it; else the code is not known. The log
    itself is kept as an artifact by its hash: its text does not go into git.

    It is a log of inspect (.eval and .json), lm-eval (a folder with results and --log_samples), promptfoo
    (.json, .jsonl; one run for each prompt with each provider), deepeval, eee (Every Eval Ever: a document,
    the samples beside it, or a folder of both), jsonl or csv. Means that a log reports are computed again
    from its rows, and what differs is said; a document of eee without samples gives the scores that it
    reports. A log that is there already is not imported again.

    A log that is truncated or has an example twice is refused, with file, member and line; with --partial
    what is good of it is taken. NaN is no score: such a row counts as an error.

    Without a PATH, --attach RUN --use ROLE=WHAT notes inputs of a run that was imported before, in the
    place of what is known of their roles.

    \b
    Examples:
      git exp eval import logs/*.eval
      git exp eval import results/my-model --attach brave-otter
      git exp eval import data/gsm8k
      git exp eval import scores.csv --id question --score correct --cluster topic
      git exp eval import run.json --use dataset=data/qa.jsonl --use retriever=none
      git exp eval import --attach brave-otter --use retriever=none
    """
    from gitexp.interop.imported import Columns
    from gitexp.ops.evaluations.importing import ImportRequest, import_logs

    columns = Columns(id_, input_, target, output, epoch, scores, tags)
    request = ImportRequest(
        *(paths, format_, attach, suite, name, cluster, columns, with_text, partial, dry_run, uses),
    )
    with session.repository() as repo:
        brought = import_logs(repo, request)
    _tell(brought, quiet)
    if as_json:
        from gitexp.cli.json_output import put_json, strict

        put_json(strict({"imported": [_value(one) for one in brought]}))


def _tell(brought: list[Brought], quiet: bool) -> None:
    from gitexp.cli.session import note, say, warn
    from gitexp.errors import GitExpError

    warned: set[str] = set()
    for one in brought:
        for warning in one.warnings[:_MOST] if one.path not in warned else ():
            warn(GitExpError(warning))
        if len(one.warnings) > _MOST and one.path not in warned:
            warn(GitExpError(f"{one.path}: {len(one.warnings) - _MOST} warnings more"))
        warned.add(one.path)
        if one.known:
            note(f"{one.path} was imported already: run '{one.name}' has it")
        elif not one.path:
            if not quiet:
                say(f"exp {one.name}: {'inputs noted' if one.commit else 'would note inputs'}")
        elif not quiet:
            told = f"exp {one.name} imported" if one.name else "would import"
            say(f"{told} from {one.path} ({one.format}): {_summary(one)}")


def _summary(one: Brought) -> str:
    from gitexp.cli.render.evaluation import mean_text
    from gitexp.model.eval_summary import told_mean

    told = []
    for suite in one.suites:
        means = [f"{m.name} {mean_text(told_mean(suite, m.name))}" for m in suite.meta.metrics[:3]]
        told.append(f"{suite.name} n={len(suite.examples)} {', '.join(means)}".rstrip())
    return "; ".join(told)


def _value(one: Brought) -> dict[str, Any]:
    from gitexp.model.eval_summary import summary_metrics

    return {
        "path": one.path,
        "format": one.format,
        "name": one.name,
        "commit": one.commit,
        "known": one.known,
        "suites": [
            {
                "suite": suite.name,
                "examples": len(suite.examples),
                "epochs": suite.epochs,
                "errors": suite.errors,
                "metrics": summary_metrics(suite),
            }
            for suite in one.suites
        ],
        "warnings": list(one.warnings),
    }
