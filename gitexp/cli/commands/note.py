"""`git exp note`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gitexp.cli.annotating import batch_options
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.model.labels import Edit
    from gitexp.ops.choose import Chosen
    from gitexp.repo import Repository


@click.command("note")
@click.argument("words", nargs=-1, metavar="RUN... [TEXT]")
@click.option("-m", "--message", metavar="TEXT", help="The note, where it could be taken for a run.")
@click.option("--append", metavar="TEXT", help="Put text below the note that is there.")
@click.option("-F", "--file", "path", metavar="FILE", help="Take the note from a file; - is standard input.")
@click.option("--clear", is_flag=True, help="Take the note away.")
@batch_options
@click.pass_obj
def command(
    session: Session,
    words: tuple[str, ...],
    message: str | None,
    append: str | None,
    path: str | None,
    clear: bool,
    where: str | None,
    dry_run: bool,
) -> int:
    """Write a note on runs.

    Without a text the editor of git opens with the note of the run; where there is no terminal the note is
    printed instead.

    \b
    Examples:
      git exp note brave-otter 'diverged: lr too high'
      git exp note @ --append 'again with seed 2: the same'
      git exp note @ -F findings.txt
      git exp note @
    """
    from gitexp.cli.annotating import edit_and_tell, runs_then_value
    from gitexp.cli.safe_text import safe
    from gitexp.errors import UsageError
    from gitexp.model.labels import Edit
    from gitexp.ops.choose import choose

    given = [one for one in (message, append, path, clear or None) if one is not None]
    if len(given) > 1:
        raise UsageError("the note is given in more than one way", hint="git exp note -h")
    with session.repository() as repo:
        if given:
            runs, text = choose(repo, words, where), message
        else:
            runs, text = runs_then_value(repo, words, where, what="note")
        if path is not None:
            text = _read(path)
        if text is not None or append is not None or clear:
            edit = Edit(append_note=append) if append is not None else Edit(note=text)
            return edit_and_tell(repo, runs, edit, dry_run=dry_run)
        if sys.stdin.isatty() and sys.stdout.isatty() and not dry_run:
            return edit_and_tell(repo, runs, _edited(repo, runs), dry_run=False)
        for note in _notes(repo, runs):
            print(safe(note, lines=True), end="\n" if note else "")
        return 0


def _read(path: str) -> str:
    """Raises BrokenFile where it cannot be read as text."""
    from gitexp.errors import BrokenFile

    try:
        if path == "-":
            return sys.stdin.read().strip("\n")
        with open(path, encoding="utf-8") as file:
            return file.read().strip("\n")
    except UnicodeDecodeError:
        raise BrokenFile(f"{path!r} is not UTF-8 text", hint="git exp note RUN -F FILE") from None
    except OSError as error:
        raise BrokenFile(f"cannot read {path!r}: {error.strerror}", hint="git exp note RUN -F FILE") from None


def _notes(repo: Repository, runs: Sequence[Chosen]) -> list[str]:
    from gitexp.cli.annotating import tips

    return [info.note or "" for info in tips(repo, runs)]


def _edited(repo: Repository, runs: Sequence[Chosen]) -> Edit:
    """What the user makes of the first run's note."""
    from gitexp.cli.editor import edit_text
    from gitexp.model.labels import Edit

    names = ", ".join(run.name for run in runs)
    return Edit(note=edit_text(repo, "\n".join(_notes(repo, runs[:1])), f"The note on {names}."))
