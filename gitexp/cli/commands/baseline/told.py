"""What is said of a baseline that moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.cli.session import say, say_undo

if TYPE_CHECKING:
    from gitexp.model.values import Oid
    from gitexp.ops.baseline import Move
    from gitexp.repo import Repository

SHORT = 10
"""Characters of a commit."""


def tell_move(repo: Repository, move: Move, *, dry_run: bool) -> None:
    """Says where it was, and where it is now."""
    before, after = (_run(repo, commit) if commit else "unset" for commit in (move.before, move.after))
    if not move.changed:
        say(f"baseline {move.name} is {after} already")
        return
    say(f"baseline {move.name}{' would be' if dry_run else ''}: {before} -> {after}")
    if not dry_run:
        say_undo(repo)


def _run(repo: Repository, commit: Oid) -> str:
    from gitexp.errors import GitExpError
    from gitexp.ops.versions import read_info

    try:
        return f"{read_info(repo.reader, commit, commit).name} ({commit[:SHORT]})"
    except GitExpError:
        return commit[:SHORT]
