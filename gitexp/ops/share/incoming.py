"""The incoming namespace of a remote: where fetched refs stand until they are checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from gitexp.capture.liveness import Lock
from gitexp.git.refs import INCOMING, ref_values
from gitexp.git.remotes import Remote
from gitexp.git.write import RefUpdate
from gitexp.model.values import Oid
from gitexp.ops.change import change
from gitexp.repo import Repository


@contextmanager
def receiving(repo: Repository, remote: Remote) -> Iterator[None]:
    """The namespace of one remote for oneself, and empty in the end."""
    with fetching(repo):
        try:
            yield
        finally:
            clear_incoming(repo, remote)


def fetching(repo: Repository) -> AbstractContextManager[object]:
    """For whoever fetches into the incoming namespaces, alone."""
    repo.home.mkdir(exist_ok=True)
    return Lock.take(repo.home / "fetch.lock", wait=True) or nullcontext()


def clear_incoming(repo: Repository, remote: Remote) -> None:
    """Nothing unchecked stays, nor what a fetch that was killed left."""
    left = incoming(repo, remote)
    if left:
        change(repo, [RefUpdate(ref, None, oid) for ref, oid in left.items()])


def incoming(repo: Repository, remote: Remote) -> dict[str, Oid]:
    """What stands there."""
    return ref_values(repo.git, [f"{INCOMING}{remote.name}/"])
