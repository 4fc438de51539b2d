"""`git exp artifacts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.cli.render.paint import Paint
    from gitexp.model.record import Artifact
    from gitexp.ops.artifacts import Folder, Kept


@click.command("artifacts")
@click.argument("run", default="@")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(session: Session, run: str, as_json: bool) -> None:
    """List the files that a run produced, and where their bytes are.

    A folder at the top has a line of its own: the sizes of its files summed, and one hash for their names
    and bytes, the same that a folder with the same files has as an input. The last column says "record"
    where the bytes are in the run's commit, "store" where they are in this clone's artifact store, and
    "absent" where only their hash is here. RUN is written as for git exp show.

    \b
    Examples:
      git exp artifacts
      git exp artifacts brave-otter --json
    """
    from gitexp.cli.json_output import put_json
    from gitexp.cli.render.paint import Paint
    from gitexp.cli.screen import look, put
    from gitexp.cli.session import note, note_stale
    from gitexp.formats.artifacts import artifact_value
    from gitexp.ops.artifacts import Artifacts
    from gitexp.ops.resting import run_of

    with session.repository() as repo:
        found = run_of(repo, run)
        stale = note_stale(found)
        artifacts = Artifacts(found)
        kept, folders = artifacts.kept(), artifacts.folders()
        screen = look(repo.config, session.environ, use_pager=session.use_pager)
    if as_json:
        rows = [
            {"path": one.artifact.path, **artifact_value(one.artifact), "place": one.place.value}
            for one in kept
        ]
        told = {
            one.path: {"oid": f"sha256:{one.oid}", "size": one.size, "files": one.files} for one in folders
        }
        run_told = {"name": found.name, "commit": found.commit, "stale": stale}
        put_json({**run_told, "artifacts": rows, "folders": told})
    elif kept:
        put("\n".join(_table(kept, folders, Paint(screen.colour))) + "\n", screen, session.environ)
    else:
        note(f"run '{found.name}' has no artifacts")


def _table(kept: Sequence[Kept], folders: Sequence[Folder], paint: Paint) -> list[str]:
    from gitexp.cli.render.table import Column, table
    from gitexp.cli.render.values import size_text
    from gitexp.cli.safe_text import safe

    # A folder stands before what is in it.
    files: list[tuple[str, Artifact | Folder, str]] = [(f"{one.path}/", one, "") for one in folders]
    files += [(one.artifact.path, one.artifact, one.place.value) for one in kept]
    files.sort(key=lambda line: line[0])
    columns = [
        Column("PATH", [safe(path) for path, _, _ in files]),
        Column("SIZE", [size_text(one.size) for _, one, _ in files], right=True),
        Column("SHA256", [one.oid[:10] for _, one, _ in files]),
        Column("KIND", [safe(one.kind or "") for _, one, _ in files]),
        Column("PLACE", [place for _, _, place in files]),
    ]
    return table([one for one in columns if any(one.texts)], paint)
