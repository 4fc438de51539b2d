"""`git exp eval export`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from gitexp.cli.session import Session

FORMATS = ("csv", "jsonl", "parquet")


@click.command("export")
@click.argument("run", default="@")
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="csv", help="csv, jsonl or parquet (csv)."
)
@click.option("--suite", "suites", metavar="NAME", multiple=True, help="Only this suite. May be repeated.")
@click.option(
    "-o", "--output", metavar="FILE", default="-", help="The file to write; - is stdout, the default."
)
@click.pass_obj
def command(session: Session, run: str, format_: str, suites: tuple[str, ...], output: str) -> None:
    """Write the results of a run's evaluations as one table.

    A row for each answer: suite, id, epoch, state, the hashes x of its input and y of its target, cluster,
    and a column for each tag, score and kind of usage; inputs, targets and answers as well, where text was
    kept. In CSV an apostrophe stands before what a spreadsheet would run. Parquet needs pyarrow.

    \b
    Examples:
      git exp eval export brave-otter -o results.csv
      git exp eval export @ --format jsonl | jq 'select(."score.match" == 0)'
    """
    from gitexp.cli.file_output import write_file
    from gitexp.cli.session import note
    from gitexp.ops.evaluations.exporting import flat_rows
    from gitexp.ops.evaluations.reading import read_suite, read_suites
    from gitexp.ops.resting import run_of

    with session.repository() as repo:
        found = run_of(repo, run)
        names = [one.name for one in read_suites(found, suites)]
        rows = list(flat_rows([read_suite(found, name, with_text=True) for name in names]))
        if not rows:
            note(f"run '{found.name}' has no evaluations")
    write_file(output, {"csv": _csv, "jsonl": _json_lines, "parquet": _parquet}[format_](rows))


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
