"""The bytes of large artifacts moved between this clone's store and one that others reach too.

Such a store is a folder: the one that `git config exp.artifacts` names, or the `lfs/objects` of a git remote
that is a folder of this machine, where stock git-lfs looks for `file://` remotes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote

from gitexp.artifacts.store import ArtifactStore, Stored
from gitexp.errors import GitExpError, NotFound, RemoteError
from gitexp.git.remotes import Remote, find_remote, is_local, shown
from gitexp.model.values import Digest
from gitexp.repo import Repository

_FILE = "file://"


def shared_store(repo: Repository, remote: Remote) -> ArtifactStore:
    """Where the artifacts of runs on `remote` are kept. Raises RemoteError where gitexp cannot reach it."""
    url = repo.config.get("exp.artifacts")
    if url:
        if not is_local(url):
            raise RemoteError(
                f"exp.artifacts is {shown(url)!r}, which is no folder", hint="git config exp.artifacts FOLDER"
            )
        return ArtifactStore(_folder(repo, url))
    if is_local(remote.push_url):
        place = _folder(repo, remote.push_url)
        inner = place / ".git"
        return ArtifactStore((inner if inner.is_dir() else place) / "lfs" / "objects")
    raise RemoteError(
        f"artifacts can only be moved to a folder, and remote '{remote.name}' is {shown(remote.push_url)!r}",
        hint=f"git lfs push {remote.name} refs/exp/NAME && git exp push --allow-missing",
    )


def send(repo: Repository, remote: Remote, objects: Sequence[Stored]) -> dict[Digest, GitExpError]:
    """Why some of `objects` are not in the remote's store; the others are, every byte hashed on the way."""
    try:
        store = shared_store(repo, remote)
    except RemoteError as error:
        return {one.oid: error for one in objects}
    lacking = [one for one in objects if not store.has(one.oid, one.size)]
    return _moved(lacking, lambda one: _copied(repo.store, store, one))


def receive(
    repo: Repository, objects: Sequence[Stored], remote: Remote | None = None
) -> dict[Digest, GitExpError]:
    """Why some of `objects` could not be brought into this clone's store from that of `remote`.

    Without one it is the remote that git would take.
    """
    try:
        store = shared_store(repo, remote or find_remote(repo.git, repo.config))
    except GitExpError as error:
        return {one.oid: error for one in objects}
    return _moved(objects, lambda one: _copied(store, repo.store, one))


def _moved(objects: Sequence[Stored], move: Callable[[Stored], None]) -> dict[Digest, GitExpError]:
    failed: dict[Digest, GitExpError] = {}
    for one in objects:
        try:
            move(one)
        except GitExpError as error:
            failed[one.oid] = error
        except OSError as error:
            failed[one.oid] = RemoteError(f"artifact {one.oid[:12]} cannot be moved: {error.strerror}")
    return failed


def _copied(source: ArtifactStore, target: ArtifactStore, one: Stored) -> None:
    with source.verified(one.oid, one.size) as path:
        if target.add_file(path) != one:
            raise NotFound(f"artifact {one.oid[:12]} changed while it was copied")


def _folder(repo: Repository, url: str) -> Path:
    """The folder that a path or `file://` URL means, seen from where git looks."""
    path = unquote(url[len(_FILE) :]) if url.startswith(_FILE) else os.path.expanduser(url)
    return repo.git.cwd / path
