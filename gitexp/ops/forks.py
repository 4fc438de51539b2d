"""Where the branch that is checked out has started from, in a clone that may know few branches."""

from __future__ import annotations

from gitexp.git.refs import commit_of
from gitexp.git.remotes import remote_names
from gitexp.model.values import Oid
from gitexp.repo import Repository


def tip_of(repo: Repository, text: str) -> Oid | None:
    """What `text` is here, or was on a remote: a clone of CI has few branches of its own."""
    names = (text, *(f"refs/remotes/{remote}/{text}" for remote in remote_names(repo.config)))
    return next((commit for name in names if (commit := commit_of(repo.git, name))), None)


def fork_of(repo: Repository, tip: Oid | None) -> Oid | None:
    """The commit that HEAD and `tip` have in common, as far as that is known here."""
    head = commit_of(repo.git, "HEAD")
    if tip is None or head is None:
        return None
    found = repo.git.run("merge-base", tip, head, check=False)
    return Oid(found.text.split()[0]) if found.code == 0 and found.text else None
