"""Runs of which a shallow clone has only what the listing of an archive says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gitexp.errors import NotFound
from gitexp.git.refs import ARCHIVE
from gitexp.repo import Repository


@contextmanager
def telling(repo: Repository, name: str) -> Iterator[None]:
    """Where something of the run `name` is not found, tells how it is fetched."""
    try:
        yield
    except NotFound as error:
        if not repo.layout.shallow:
            raise
        raise absent(repo, name) from error


def absent(repo: Repository, name: str) -> NotFound:
    """The error for a run whose commit is not here."""
    from gitexp.git.remotes import remote_names

    message = f"the commit of run {name!r} is not in this clone"
    if not repo.layout.shallow:
        return NotFound(message, hint="git fsck")
    names = remote_names(repo.config)
    remote = names[0] if names and "origin" not in names else "origin"
    return NotFound(message, hint=f"git fetch --unshallow {remote} '{ARCHIVE}*:{ARCHIVE}*'")
