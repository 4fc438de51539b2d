"""`git exp lineage`."""

from __future__ import annotations

import click

from gitexp.cli.session import Session

_FORMATS = ("text", "mermaid", "dot", "json")


@click.command("lineage")
@click.argument("start", metavar="[RUN|FILE|OID]", default="@")
@click.option("--up", is_flag=True, help="Show only what it was made of.")
@click.option("--down", is_flag=True, help="Show only what was made of it.")
@click.option("--depth", metavar="N", type=click.IntRange(min=1), help="Go at most so many runs away.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="text",
    help="Print a tree (text, the default), a graph for Mermaid or for Graphviz (dot), or JSON.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, as --format json.")
@click.pass_obj
def command(
    session: Session, start: str, up: bool, down: bool, depth: int | None, form: str, as_json: bool
) -> None:
    """Show what a run was made of, and what was made of it.

    Runs hang together by content: what one kept as an artifact, or a step of it made, and another one used,
    has the same hash, whatever it was called and on whatever machine it was. Fetched and archived runs count
    as well. So an evaluation leads to the training, and that to the preparation of its data. Where several
    runs made the same content before it was used, the earliest stands first. Runs also hang together by what
    they were forked, merged or started from, or reproduce.

    RUN is written as for git exp show. FILE is a file or folder of the working tree as it is now, a path that
    runs recorded, or RUN:PATH. OID is the beginning of a sha256. What can be a run is one: ./FILE is a file.

    \b
    Examples:
      git exp lineage
      git exp lineage model.pt --down
      git exp lineage brave-otter:data/train.csv --up
      git exp lineage @ --format dot | dot -Tsvg > lineage.svg
    """
    from gitexp.cli.json_output import put_json
    from gitexp.cli.lineage_value import lineage_value
    from gitexp.cli.render.lineage_graph import WRITERS
    from gitexp.cli.render.lineage_tree import lineage_page
    from gitexp.cli.render.paint import Paint
    from gitexp.cli.screen import look, put
    from gitexp.errors import UsageError
    from gitexp.ops.lineage.finding import find

    if as_json and form not in ("text", "json"):
        raise UsageError(f"--json and --format={form} exclude one another", hint="git exp lineage -h")
    with session.repository() as repo:
        found, runs = find(repo, start, up=up or not down, down=down or not up, depth=depth)
        if as_json or form == "json":
            put_json(lineage_value(found, runs, depth))
        elif form in WRITERS:
            print("\n".join(WRITERS[form](found)))
        else:
            screen = look(repo.config, session.environ, use_pager=session.use_pager)
            lines = lineage_page(found, runs, Paint(screen.colour), screen.width)
            put("\n".join(lines) + "\n", screen, session.environ)
