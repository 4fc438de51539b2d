"""`git exp trace`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.formats.spans import Trace
    from gitexp.model.trace import Span
    from gitexp.ops.read import StoredRun

_LIMIT = 200


@click.command("trace")
@click.argument("run", default="@")
@click.option("--example", metavar="ID", help="Show only what was done for this example.")
@click.option("--suite", metavar="NAME", help="Show only what was done for this suite.")
@click.option("--epoch", metavar="N", type=click.IntRange(min=0), help="Show only this epoch.")
@click.option("--show-text", is_flag=True, help="Show what was said in the calls as well.")
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=0),
    default=_LIMIT,
    help="Show at most so many (200).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--export",
    "target",
    metavar="FORMAT",
    type=click.Choice(["otlp"]),
    help="Print it as other tools read it.",
)
@click.pass_obj
def command(
    session: Session,
    run: str,
    example: str | None,
    suite: str | None,
    epoch: int | None,
    show_text: bool,
    limit: int,
    as_json: bool,
    target: str | None,
) -> None:
    """Show the calls of models and tools of a run.

    They are spans of OpenTelemetry that the run's program left as files in the folder GITEXP_TRACE_DIR: what
    was called, which model, how many tokens went in and came out, how long it took, and what went wrong.
    What was done for another thing stands below it; of a run that still goes on, all that has ended so far.

    What was asked and answered is shown with --show-text alone, of each message the first time it occurs;
    in the JSON document and in what is exported stand hashes in its place. Spans are an artifact: where it is
    not in this clone it is fetched. RUN is written as for git exp show.

    \b
    Examples:
      git exp trace
      git exp trace brave-otter --example q17 --show-text
      git exp trace @ --export otlp --show-text > trace.json
    """
    from gitexp.errors import UsageError
    from gitexp.ops.resting import run_of
    from gitexp.ops.traces.reading import Wanted, read_trace

    if as_json and target is not None:
        raise UsageError("--json and --export exclude one another", hint="git exp trace -h")
    with session.repository() as repo:
        found = run_of(repo, run)
        trace = read_trace(found, Wanted(example, suite, epoch, texts=show_text))
        if as_json:
            _put_json(found, trace)
        elif target is not None:
            _put_otlp(trace)
        else:
            _put(session, found, trace, limit, show_text)


def _put_json(run: StoredRun, trace: Trace) -> None:
    from gitexp.cli.json_output import put_json, strict

    spans = [_value(one) for one in trace.spans]
    about = {"name": run.name, "commit": run.commit, "content": trace.content.value}
    put_json(strict({**about, "left_out": trace.left_out, "spans": spans}))


def _put_otlp(trace: Trace) -> None:
    import json
    import sys

    from gitexp.interop.otlp import document

    json.dump(document(trace.spans), sys.stdout)
    sys.stdout.write("\n")


def _put(session: Session, run: StoredRun, trace: Trace, limit: int, texts: bool) -> None:
    from gitexp.cli.render.paint import Paint
    from gitexp.cli.render.span_tree import tree_lines
    from gitexp.cli.screen import look, put
    from gitexp.cli.session import note

    screen = look(run.repo.config, session.environ, use_pager=session.use_pager)
    if not trace.spans:
        note(f"run '{run.name}' has no traces of calls")
        return
    shown: Sequence[Span] = trace.spans[:limit]
    lines = tree_lines(shown, Paint(screen.colour), texts=texts)
    put("".join(f"{line}\n" for line in lines), screen, session.environ)
    if len(trace.spans) > limit:
        note(f"{len(trace.spans) - limit} spans more: --limit {len(trace.spans)} shows all")
    if trace.left_out:
        note(f"{trace.left_out} spans could not be read when the run ended")


def _value(one: Span) -> dict[str, Any]:
    from gitexp.formats.spans import about
    from gitexp.interop.otlp import values_of

    return {
        **about(one),
        "outcome": one.outcome.name.lower(),
        "message": one.message,
        "attributes": {**one.attributes, **values_of(one.lists)},
        "events": [
            {"name": event.name, "at": event.at, "attributes": {**event.attributes, **values_of(event.lists)}}
            for event in one.events
        ],
        "links": [
            {"trace": link.trace, "span": link.span, "attributes": link.attributes} for link in one.links
        ],
        "resource": one.resource,
        "scope": one.scope,
    }
