"""What the commands that edit labels have in common: runs, then what to do to them; and what was done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gitexp.cli import exit_codes
from gitexp.cli.options import dry_run_option

if TYPE_CHECKING:
    from gitexp.model.labels import Edit
    from gitexp.ops.annotate import Annotated
    from gitexp.ops.choose import Chosen
    from gitexp.repo import Repository

F = TypeVar("F", bound=Callable[..., Any])

where_option = click.option(
    "--where", metavar="QUERY", help="Take the runs that a query asks for, as for git exp ls."
)


def batch_options(function: F) -> F:
    """`--where` and `-n`."""
    return where_option(dry_run_option(function))


def runs_then_value(
    repo: Repository, words: Sequence[str], where: str | None, *, what: str
) -> tuple[list[Chosen], str | None]:
    """The runs, and the last word where that is the value and no run: `RUN… [VALUE]`; with a query `[VALUE]`.

    Raises UsageError where the last word could be either.
    """
    from gitexp.errors import UsageError
    from gitexp.ops.choose import choose, is_run

    if where is not None:
        if len(words) > 1:
            raise UsageError("runs are given by name and by --where", hint="use one of them")
        return choose(repo, (), where), words[0] if words else None
    if len(words) < 2:
        return choose(repo, words), None
    *names, value = words
    if is_run(repo, value):
        raise UsageError(
            f"{value!r} can be a run or the {what}", hint=f"git exp {what} {names[0]} -m {value!r}"
        )
    return choose(repo, names), value


def edit_and_tell(repo: Repository, runs: Sequence[Chosen], edit: Edit, *, dry_run: bool) -> int:
    """The exit code, after the runs were edited and everything was said."""
    from gitexp.cli.session import note
    from gitexp.ops.annotate import annotate

    if not runs:
        note("no run matches")
        return exit_codes.OK
    return tell_annotated(annotate(repo, runs, edit, dry_run=dry_run), edit, dry_run=dry_run)


def tell_annotated(results: Sequence[Annotated], edit: Edit, *, dry_run: bool) -> int:
    """Says what became of each run; the code of the first error."""
    from gitexp.cli.session import say, tell

    code = exit_codes.OK
    for one in results:
        if one.error is not None:
            tell(one.error)
            code = code or one.error.exit_code
        elif not one.changed:
            say(f"{one.name}: nothing to change")
        else:
            say(f"{one.name}: {'would ' if dry_run else ''}{edit}")
    return code


def tips(repo: Repository, runs: Sequence[Chosen]) -> list[Any]:
    """The labels that each run has now, as the record says. Raises BrokenRecord."""
    from gitexp.ops.read import load

    return [load(repo, run.commit, run.name).record.info for run in runs]
