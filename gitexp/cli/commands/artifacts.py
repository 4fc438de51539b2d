"""`git exp artifacts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.cli.render.paint import Paint
    from gitexp.ops.artifacts import Kept


@click.command("artifacts")
@click.argument("run", default="@")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(session: Session, run: str, as_json: bool) -> None:
    """List the files that a run produced, and where their bytes are.

    The last column says "record" where they are in the run's commit, "store" where they are in this clone's
    artifact store, and "absent" where only their hash is here. RUN is written as for git exp show.

    \b
    Examples:
      git exp artifacts
      git exp artifacts brave-otter --json
    """
    from gitexp.cli.json_output import put_json
    from gitexp.cli.render.paint import Paint
    from gitexp.cli.screen import look, put
    from gitexp.cli.session import note
    from gitexp.formats.record import artifact_value
    from gitexp.ops.artifacts import Artifacts
    from gitexp.ops.resolve import resolve

    with session.repository() as repo:
        found = resolve(repo, run)
        kept = Artifacts(found).kept()
        screen = look(repo.config, session.environ, use_pager=session.use_pager)
    if as_json:
        rows = [
            {"path": one.artifact.path, **artifact_value(one.artifact), "place": one.place.value}
            for one in kept
        ]
        put_json({"name": found.name, "commit": found.commit, "artifacts": rows})
    elif kept:
        put("\n".join(_table(kept, Paint(screen.colour))) + "\n", screen, session.environ)
    else:
        note(f"run '{found.name}' has no artifacts")


def _table(kept: Sequence[Kept], paint: Paint) -> list[str]:
    from gitexp.cli.render.table import Column, table
    from gitexp.cli.render.values import size_text
    from gitexp.cli.safe_text import safe

    columns = [
        Column("PATH", [safe(one.artifact.path) for one in kept]),
        Column("SIZE", [size_text(one.artifact.size) for one in kept], right=True),
        Column("SHA256", [one.artifact.oid[:10] for one in kept]),
        Column("KIND", [safe(one.artifact.kind or "") for one in kept]),
        Column("PLACE", [one.place.value for one in kept]),
    ]
    return table([one for one in columns if any(one.texts)], paint)
