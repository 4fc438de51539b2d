"""Runs of which a shallow clone has only what the listing of an archive says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from gitexp.errors import BrokenRecord, GitExpError, NotFound
from gitexp.git.refs import ARCHIVE
from gitexp.repo import Repository

T = TypeVar("T", bound=GitExpError)


@contextmanager
def telling(repo: Repository, name: str) -> Iterator[None]:
    """Where something of the run `name` is not found or damaged, tells that, or how it is fetched."""
    try:
        yield
    except NotFound as error:
        if repo.layout.shallow:
            raise absent(repo, name) from error
        raise named(name, error) from error
    except BrokenRecord as error:
        raise named(name, error) from error


def named(name: str, error: T) -> T:
    """The error with the name of the run: of a damaged object git says but the hash."""
    if name in error.message:
        return error
    return type(error)(f"run {name!r}: {error.message}", hint=error.hint or "git fsck")


def absent(repo: Repository, name: str) -> NotFound:
    """The error for a run whose commit is not here."""
    from gitexp.git.remotes import remote_names

    message = f"the commit of run {name!r} is not in this clone"
    if not repo.layout.shallow:
        return NotFound(message, hint="git fsck")
    names = remote_names(repo.config)
    remote = names[0] if names and "origin" not in names else "origin"
    return NotFound(message, hint=f"git fetch --unshallow {remote} '{ARCHIVE}*:{ARCHIVE}*'")
