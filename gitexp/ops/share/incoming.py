"""The incoming namespace of a remote: where fetched refs stand until they are checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from gitexp.capture.liveness import Lock
from gitexp.errors import RemoteError
from gitexp.git.fetching import Fetched, fetch
from gitexp.git.process import Git
from gitexp.git.refs import INCOMING, ref_values
from gitexp.git.remotes import Remote
from gitexp.git.write import RefUpdate, publish, verify
from gitexp.model.values import Oid
from gitexp.ops.change import change
from gitexp.ops.transaction import changing, remove_stale
from gitexp.repo import Repository
from gitexp.sharing import make_folder


@contextmanager
def receiving(repo: Repository, remote: Remote) -> Iterator[None]:
    """The namespace of one remote for oneself, and empty in the end."""
    with fetching(repo):
        begin(repo, remote)
        try:
            yield
        finally:
            clear_incoming(repo, remote)


def fetching(repo: Repository) -> AbstractContextManager[object]:
    """For whoever fetches into the incoming namespaces, alone."""
    make_folder(repo.home)
    return Lock.take(repo.home / "fetch.lock", wait=True) or nullcontext()


def begin(repo: Repository, remote: Remote) -> None:
    """Take away what a fetch that was killed left, locks included: only we write there, one at a time."""
    for path in (repo.layout.common_dir / INCOMING / remote.name).rglob("*.lock"):
        remove_stale([path], 0.0)
    clear_incoming(repo, remote)


def bring(repo: Repository, git: Git, remote: Remote, wanted: Mapping[str, tuple[str, Oid]]) -> Fetched:
    """What could not be fetched of `wanted`: by the remote's ref, the incoming one and the commit there.

    All else stands in the incoming namespace, for as long as the caller has that for himself. Raises
    GitError, StorageFull or OSError.
    """
    fetched = fetch(git, remote, list(wanted))
    here = {ref: one for ref, one in wanted.items() if ref not in fetched.refused | fetched.failed}
    lost = verify(repo.git, {oid for _, oid in here.values()})
    for ref in [ref for ref, (_, oid) in here.items() if oid in lost]:
        del here[ref]
        fetched.failed[ref] = RemoteError(
            f"'{ref}' has changed on '{remote.name}' meanwhile", hint=f"git exp fetch {remote.name}"
        )
    if here:
        updates = [RefUpdate(target, oid, None) for target, oid in here.values()]
        with changing(repo, [one.ref for one in updates]) as ours:
            publish(ours, repo.layout, updates)
    return fetched


def cleared(repo: Repository, remote: Remote) -> list[RefUpdate]:
    """What empties the namespace."""
    return [RefUpdate(ref, None, oid) for ref, oid in incoming(repo, remote).items()]


def clear_incoming(repo: Repository, remote: Remote) -> None:
    """Nothing unchecked stays."""
    left = cleared(repo, remote)
    if left:
        change(repo, left)


def incoming(repo: Repository, remote: Remote) -> dict[str, Oid]:
    """What stands there."""
    return ref_values(repo.git, [f"{INCOMING}{remote.name}/"])
