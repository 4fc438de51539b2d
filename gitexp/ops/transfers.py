"""The bytes of large artifacts moved between this clone's store and one that others reach too.

That is the place which `git config exp.artifacts` names: a folder, or what fsspec reaches. Else it is that of
the git remote: its Git LFS server or, where it is a folder of this machine, its `lfs/objects`, where stock
git-lfs looks, too.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from gitexp.artifacts.remote import AT_ONCE
from gitexp.artifacts.store import ArtifactStore, Stored
from gitexp.errors import GitExpError, RemoteError, UsageError
from gitexp.git.entering import enter
from gitexp.git.process import Git
from gitexp.git.remotes import Remote, find_remote, is_local, remote_names, shown, toward
from gitexp.model.values import Digest
from gitexp.repo import Repository
from gitexp.sharing import permissions

if TYPE_CHECKING:
    from gitexp.artifacts.remote import ArtifactRemote

_FILE = "file://"
_THREADS, _TIMEOUT = 8, 60
"""As many objects at once as git-lfs moves, and seconds of silence that end a connection."""


def send(repo: Repository, remote: Remote, objects: Sequence[Stored]) -> dict[Digest, GitExpError]:
    """Why some of `objects` are not in the remote's store; the others are, every byte hashed on the way."""
    from gitexp.ops.moving import sent

    try:
        with opened(repo, remote, upload=True) as place:
            return sent(repo, place, objects)
    except GitExpError as error:
        return {one.oid: error for one in objects}


def receive(
    repo: Repository, objects: Sequence[Stored], remote: Remote | None = None
) -> dict[Digest, GitExpError]:
    """Why some of `objects` could not be brought into this clone's store from that of `remote`.

    Without one it is the remote that git would take, and then all the others.
    """
    lacking = [one for one in objects if not repo.store.has(one.oid, one.size)]
    if not lacking:
        return {}
    try:
        remotes = [remote] if remote is not None or repo.config.get("exp.artifacts") else _remotes(repo)
    except GitExpError as error:
        return {one.oid: error for one in lacking}
    failed: dict[Digest, GitExpError] = {}
    for place in remotes:
        # The place that was asked first is the one that should have had it: its reason is told.
        found = _received(repo, place, lacking)
        failed = {oid: failed.get(oid, error) for oid, error in found.items()}
        lacking = [one for one in lacking if one.oid in failed]
        if not lacking:
            break
    return failed


def having(repo: Repository, objects: Sequence[Stored]) -> set[Digest]:
    """Those of `objects` that a place which others reach has, by its own word; nothing is moved.

    Raises RemoteError where such a place cannot be asked, UsageError where there is none.
    """
    found: set[Digest] = set()
    for remote in [None] if repo.config.get("exp.artifacts") else _remotes(repo):
        lacking = [one for one in objects if one.oid not in found]
        for start in range(0, len(lacking), AT_ONCE):
            part = lacking[start : start + AT_ONCE]
            with opened(repo, remote, upload=False) as place:
                refused = place.announce(part, upload=False)
            found.update(one.oid for one in part if one.oid not in refused)
    return found


def _received(
    repo: Repository, remote: Remote | None, objects: Sequence[Stored]
) -> dict[Digest, GitExpError]:
    from gitexp.ops.moving import received

    try:
        with opened(repo, remote, upload=False) as place:
            return received(repo, place, objects)
    except GitExpError as error:
        return {one.oid: error for one in objects}


def _remotes(repo: Repository) -> list[Remote | None]:
    """Where bytes may be, the likeliest first. Raises UsageError where there is no remote."""
    first = find_remote(repo.git, repo.config)
    names = [name for name in remote_names(repo.config) if name != first.name]
    return [first, *(find_remote(repo.git, repo.config, name) for name in names)]


@contextmanager
def opened(repo: Repository, remote: Remote | None, *, upload: bool) -> Iterator[ArtifactRemote]:
    """Where the artifacts of runs on `remote` are kept; where `exp.artifacts` says it, none need be given.

    Raises RemoteError, UsageError or GitError.
    """
    place = _place(repo, remote, upload=upload)
    try:
        yield place
    finally:
        place.close()


def _place(repo: Repository, remote: Remote | None, *, upload: bool) -> ArtifactRemote:
    url = repo.config.get("exp.artifacts")
    if url and not is_local(url):
        from gitexp.artifacts.cloud import Cloud

        return Cloud(url, shown=shown(url))
    from gitexp.artifacts.folder import Folder

    if url:
        store = ArtifactStore(_outside(repo, _folder(repo, url)))
        return Folder(store, shown=str(store.root))
    assert remote is not None
    from gitexp.git.lfs_server import derived, named_server

    git = toward(repo.git, repo.environ)
    address = remote.push_url if upload else remote.url
    named = named_server(git, repo.config, remote, repo.layout.top, upload=upload)
    if is_local(named or address):
        store = _store_in(repo, _folder(repo, named or address))
        return Folder(store, shown=str(store.root))
    return _lfs(repo, git, named or derived(address), upload=upload)


def _lfs(repo: Repository, git: Git, url: str, *, upload: bool) -> ArtifactRemote:
    from gitexp.artifacts.lfs import LfsServer
    from gitexp.git.credentials import Credentials
    from gitexp.git.lfs_server import server_at

    server = server_at(git, repo.config, url, upload=upload)
    return LfsServer(
        server.url,
        server.headers,
        Credentials(git, repo.config),
        shown=f"the Git LFS server {shown(server.url)}",
        threads=max(1, repo.config.int("lfs.concurrentTransfers", _THREADS)),
        timeout=max(1, repo.config.int("lfs.activityTimeout", _TIMEOUT)),
    )


def worked_in(repo: Repository, remote: Remote) -> bool:
    """Whether the artifacts of `remote` are in a repository of this machine that has a working tree."""
    if repo.config.get("exp.artifacts") or not is_local(remote.push_url):
        return False
    found = enter(repo.git, _folder(repo, remote.push_url))
    return found is not None and found.worked_in


def _outside(repo: Repository, folder: Path) -> Path:
    """`folder`, which is there and which no snapshot takes for code.

    It is not made where it is not there: it may be the place of a disk that is not mounted. Raises
    RemoteError or UsageError.
    """
    if not folder.is_dir():
        raise RemoteError(
            f"there is no folder {str(folder)!r}, which exp.artifacts names",
            hint=f"mkdir -p {shlex.quote(str(folder))}",
        )
    inside = repo.relative(folder)
    if inside is not None and not folder.resolve().is_relative_to(repo.layout.common_dir.resolve()):
        ignored = repo.git.run("check-ignore", "-q", "--", str(folder), check=False).code == 0
        if not ignored:
            raise UsageError(
                f"exp.artifacts is {inside!r} in the working tree: runs would record it as code",
                hint="git config exp.artifacts ../artifacts",
            )
    return folder


def _store_in(repo: Repository, folder: Path) -> ArtifactStore:
    """The store of the repository that git finds there, for all who may use that."""
    found = enter(repo.git, folder)
    home = found.common_dir if found else folder
    return ArtifactStore(home / "lfs" / "objects", permissions(found.shared if found else None))


def _folder(repo: Repository, url: str) -> Path:
    """The folder that a path or `file://` URL means, seen from where git looks."""
    path = unquote(url[len(_FILE) :]) if url.startswith(_FILE) else os.path.expanduser(url)
    return repo.git.cwd / path
