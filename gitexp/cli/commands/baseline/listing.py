"""`git exp baseline list`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.cli.screen import Screen
    from gitexp.ops.baseline import Baseline


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(session: Session, as_json: bool) -> None:
    """List the baselines.

    Each with its run, how that ended and what came out, and whether the run has been edited or removed here
    since.

    \b
    Examples:
      git exp baseline list
      git exp baseline list --json | jq -r '.baselines[] | .name + " " + .commit'
    """
    list_baselines(session, as_json=as_json)


def list_baselines(session: Session, *, as_json: bool) -> None:
    """Prints them. Raises GitError."""
    from gitexp.cli.json_output import put_json, strict
    from gitexp.cli.screen import look, put
    from gitexp.cli.session import note, warn
    from gitexp.ops import baseline

    with session.repository() as repo:
        found = baseline.list_baselines(repo)
        for one in found:
            if one.error is not None:
                warn(one.error)
        if as_json:
            put_json({"baselines": [strict(baseline_value(one)) for one in found]})
            return
        if not found:
            note("no baseline yet: git exp baseline set main RUN makes one")
            return
        screen = look(repo.config, session.environ, use_pager=session.use_pager)
        put("".join(f"{line}\n" for line in _lines(found, screen)), screen, session.environ)


def baseline_value(one: Baseline) -> dict[str, Any]:
    """A baseline as plain values; `edited` and `here` are of its run."""
    info = one.record.info if one.record else None
    return {
        "name": one.name,
        "commit": one.commit,
        "run": info.name if info else None,
        "status": info.status.value if info else None,
        "metrics": one.record.metrics if one.record else {},
        "here": one.tip is not None,
        "edited": one.tip not in (None, one.commit),
        "error": one.error.message if one.error else None,
    }


def since(one: Baseline) -> str:
    """What became of the run since, as far as it is known."""
    if one.record is None:
        return "cannot be read"
    if one.tip is None:
        return "the run itself is not here"
    return "" if one.tip == one.commit else "edited since"


def _lines(found: Sequence[Baseline], screen: Screen) -> Iterator[str]:
    from gitexp.cli.commands.baseline.told import SHORT
    from gitexp.cli.render.paint import STATUS, Paint
    from gitexp.cli.render.table import Cell, Column, table
    from gitexp.cli.safe_text import safe
    from gitexp.ops.headline import headline

    records = [one.record for one in found]
    columns = [
        Column("BASELINE", [one.name for one in found], style="bold"),
        Column("RUN", [safe(one.info.name) if one else "-" for one in records]),
        Column(
            "STATUS",
            [
                Cell(one.info.status.value, STATUS.get(one.info.status)) if one else Cell("-")
                for one in records
            ],
        ),
        Column("COMMIT", [one.commit[:SHORT] for one in found]),
        Column("METRICS", [safe(headline(one.metrics)) if one else "" for one in records]),
    ]
    if any(map(since, found)):
        columns.append(Column("", [since(one) for one in found]))
    yield from table(columns, Paint(screen.colour))
