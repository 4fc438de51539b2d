"""`git exp tag`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gitexp.cli.annotating import batch_options
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.choose import Chosen
    from gitexp.repo import Repository

_FLAGS = frozenset(("-n", "-h"))
_VALUED = frozenset(("--where",))


class _TagCommand(click.Command):
    """Takes `-b` for a tag to remove, and not for options that nobody has."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options: list[str] = []
        words: list[str] = []
        rest = iter(args)
        for word in rest:
            if word == "--":
                # Kept: what follows are changes, also where they look like runs or options.
                words += [word, *rest]
            elif word in _VALUED:
                options += [word, *(value for value in [next(rest, None)] if value is not None)]
            elif word in _FLAGS or word.startswith("--"):
                options.append(word)
            else:
                words.append(word)
        return super().parse_args(ctx, [*options, "--", *words])


@click.command("tag", cls=_TagCommand)
@click.argument("words", nargs=-1, metavar="RUN... [+TAG | -TAG]...")
@batch_options
@click.pass_obj
def command(session: Session, words: tuple[str, ...], where: str | None, dry_run: bool) -> int:
    """Add tags to runs and take them away.

    +TAG adds, -TAG removes; a TAG alone adds as well, where it could not be the name of a run. Everything
    behind the first change, or behind --, is a change: write -- -n to remove the tag n. Without any change
    the tags are listed. The tags of a run that is still live become part of its record.

    \b
    Examples:
      git exp tag brave-otter +baseline -draft
      git exp tag @ @~1 +paper
      git exp tag --where 'acc > .9 and is:finished' -n +good
      git exp tag brave-otter
    """
    from gitexp.cli.annotating import edit_and_tell
    from gitexp.model.labels import Edit
    from gitexp.ops.choose import choose

    with session.repository() as repo:
        names, changes = _split(repo, words, where)
        added = tuple(dict.fromkeys(one.removeprefix("+") for one in changes if not one.startswith("-")))
        removed = tuple(dict.fromkeys(one[1:] for one in changes if one.startswith("-")))
        edit = Edit(add_tags=added, remove_tags=removed)
        runs = choose(repo, names, where)
        if not changes:
            _list(repo, runs)
            return 0
        return edit_and_tell(repo, runs, edit, dry_run=dry_run)


def _split(repo: Repository, words: Sequence[str], where: str | None) -> tuple[list[str], list[str]]:
    """Runs and changes. Raises UsageError for a word that can be either."""
    from gitexp.errors import UsageError
    from gitexp.ops.choose import is_run

    if where is not None:
        return [], [word for word in words if word != "--"]
    first = next((at for at, word in enumerate(words) if word == "--" or word[:1] in ("+", "-")), None)
    if first is not None:
        return list(words[:first]), [word for word in words[first:] if word != "--"]
    names = [word for at, word in enumerate(words) if at == 0 or word.startswith("@") or is_run(repo, word)]
    tags = [word for word in words if word not in names]
    if tags and len(names) > 1:
        raise UsageError(
            f"{names[-1]!r} can be a run or a tag", hint=f"git exp tag {names[0]} +{names[-1]} +{tags[0]}"
        )
    return names, tags


def _list(repo: Repository, runs: Sequence[Chosen]) -> None:
    from gitexp.cli.annotating import tips
    from gitexp.cli.safe_text import safe

    for info in tips(repo, runs):
        tags = [safe(tag) for tag in info.tags]
        if len(runs) > 1:
            print(" ".join([info.name, *tags]))
        else:
            print(*tags, sep="\n", end="\n" if tags else "")
