"""`git exp eval export`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.model.evaluation import Suite
    from gitexp.ops.read import StoredRun

FORMATS = ("csv", "jsonl", "parquet", "eee", "otel")


@click.command("export")
@click.argument("run", default="@")
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="csv",
    help="csv, jsonl, parquet, eee or otel (csv).",
)
@click.option("--suite", "suites", metavar="NAME", multiple=True, help="Only this suite. May be repeated.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    default="-",
    help="The file to write, for eee the folder; - is stdout, the default.",
)
@click.option(
    "--set",
    "fields",
    metavar="FIELD=VALUE",
    multiple=True,
    help="Of eee: a field that the run does not tell of, or not rightly. May be repeated.",
)
@click.pass_obj
def command(
    session: Session,
    run: str,
    format_: str,
    suites: tuple[str, ...],
    output: str,
    fields: tuple[str, ...],
) -> None:
    """Write the results of a run's evaluations for other tools.

    csv, jsonl and parquet are one table with a row for each answer: suite, id, epoch, state, the hashes x of
    its input and y of its target, cluster, and a column for each tag, score and kind of usage; inputs,
    targets and answers as well, where text was kept. In CSV an apostrophe stands before what a spreadsheet
    would run. Parquet needs pyarrow.

    eee is Every Eval Ever, the schema of the EvalEval Coalition: below the folder of -o a document
    data/SUITE/DEVELOPER/MODEL/UUID.json, and beside it UUID_samples.jsonl with the answers. What its schema
    requires and the run does not tell of is said, and never made up; --set tells it. otel is lines of OTLP: a
    span for each answer, with its scores as events gen_ai.evaluation.result. In both, inputs, targets and
    answers stand only where the inputs were kept as text. git exp eval import reads eee, and a run takes
    otel from its GITEXP_TRACE_DIR.

    \b
    Examples:
      git exp eval export brave-otter -o results.csv
      git exp eval export @ --format jsonl | jq 'select(."score.match" == 0)'
      git exp eval export @ --format eee -o . --set source_metadata.evaluator_relationship=first_party
      git exp eval export @ --format otel -o answers.jsonl
    """
    from gitexp.cli.file_output import write_file
    from gitexp.cli.session import note
    from gitexp.errors import UsageError
    from gitexp.ops.evaluations.exporting import as_spans, flat_rows
    from gitexp.ops.evaluations.reading import read_suite, read_suites
    from gitexp.ops.resting import run_of

    if format_ == "eee" and output == "-":
        raise UsageError(
            "eee is several files: they need a folder", hint="git exp eval export --format eee -o FOLDER"
        )
    if fields and format_ != "eee":
        raise UsageError("--set is for --format eee", hint="git exp eval export -h")
    with session.repository() as repo:
        found = run_of(repo, run)
        names = [one.name for one in read_suites(found, suites)]
        read = [read_suite(found, name, with_text=True) for name in names]
        if not read:
            note(f"run '{found.name}' has no evaluations")
        if format_ == "eee":
            return _write_eee(found, read, output, fields)
        if format_ == "otel":
            return write_file(output, "".join(f"{line}\n" for line in as_spans(found, read)).encode())
        rows = list(flat_rows(read))
        if read and not rows:
            note(f"the evaluations of run '{found.name}' have no answers")
    write_file(output, {"csv": _csv, "jsonl": _json_lines, "parquet": _parquet}[format_](rows))


def _write_eee(run: StoredRun, suites: Sequence[Suite], folder: str, fields: Sequence[str]) -> None:
    from gitexp.cli.file_output import write_below
    from gitexp.cli.session import note, say, warn
    from gitexp.errors import GitExpError, UsageError
    from gitexp.ops.evaluations.exporting import as_eee

    told = dict(one.split("=", 1) for one in fields if "=" in one)
    if len(told) != len(fields):
        raise UsageError("--set takes each FIELD=VALUE once", hint="git exp eval export -h")
    if not suites:
        return
    found = as_eee(run, suites, told)
    for path, data in found.files.items():
        write_below(folder, path, data)
        say(f"wrote {folder}/{path}")
    for sentence in found.unknown:
        warn(GitExpError(sentence))
    if found.unknown:
        note("--set FIELD=VALUE tells what a run does not: git exp eval export -h")


def _csv(rows: Sequence[dict[str, Any]]) -> bytes:
    import csv
    import io

    from gitexp.cli.outputs.csv_sheet import harmless
    from gitexp.ops.evaluations.exporting import columns_of

    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    columns = columns_of(rows)
    writer.writerow([harmless(name) for name in columns])
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in columns])
    return buffer.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: Any) -> str:
    from gitexp.cli.outputs.csv_sheet import harmless
    from gitexp.formats.canonical_json import to_json

    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    text = to_json(value)
    return text if isinstance(value, (int, float)) else harmless(text)


def _json_lines(rows: Sequence[dict[str, Any]]) -> bytes:
    import json

    return "".join(f"{json.dumps(row, allow_nan=False)}\n" for row in rows).encode()


def _parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    import io

    from gitexp.errors import UsageError
    from gitexp.formats.canonical_json import to_json
    from gitexp.ops.evaluations.exporting import FIXED, TEXTS, columns_of

    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise UsageError("parquet needs pyarrow", hint="pip install pyarrow") from None

    def column(name: str) -> list[Any]:
        values = [row.get(name) for row in rows]
        if name.startswith(("score.", "usage.")):
            return [None if value is None else float(value) for value in values]
        if name in FIXED or (name in TEXTS and all(isinstance(value, (str, type(None))) for value in values)):
            return values
        return [value if value is None or isinstance(value, str) else to_json(value) for value in values]

    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table({name: column(name) for name in columns_of(rows)}), buffer)
    return buffer.getvalue()
