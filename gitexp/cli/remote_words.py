"""The words `[REMOTE] [RUN]...` of a command line: the first may name a remote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gitexp.errors import NotFound
    from gitexp.git.remotes import Remote
    from gitexp.repo import Repository


class Words(NamedTuple):
    """What is asked for."""

    remote: Remote
    """The one that is named, or the one that git would take."""
    runs: Sequence[str]
    first: str | None
    """What stands where a remote may and is none."""


def split_words(repo: Repository, words: Sequence[str], *, push: bool = False) -> Words:
    """Raises UsageError where there is no remote."""
    from gitexp.git.remotes import find_remote, remote_names

    is_remote = bool(words) and words[0] in remote_names(repo.config)
    remote = find_remote(repo.git, repo.config, words[0] if is_remote else None, push=push)
    return Words(remote, words[1:], None) if is_remote else Words(remote, words, words[0] if words else None)


def neither(repo: Repository, word: str, error: NotFound) -> NotFound:
    """What is told of a word that is no remote, and no run, as `error` says."""
    from gitexp.errors import NotFound
    from gitexp.git.remotes import remote_names

    names = ", ".join(remote_names(repo.config))
    return NotFound(f"{word!r} is neither a remote (there is: {names}) nor a run", hint=error.hint)
