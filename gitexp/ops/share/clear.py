"""`git exp gc --remote`: artifacts that nothing on a remote points to, removed from where it keeps them.

Nothing is removed on incomplete knowledge: every ref of the remote is looked at in full, and once more at
the end; and what this clone points to and does not have itself stays as well.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from gitexp.artifacts.remote import GRACE, ArtifactRemote
from gitexp.artifacts.store import Stored
from gitexp.errors import GitError, GitExpError, RemoteError, UsageError
from gitexp.formats import pointer
from gitexp.git.process import Git
from gitexp.git.reachable import all_objects, blobs, existing, roots, walk
from gitexp.git.refs import INCOMING
from gitexp.git.remotes import Remote, find_remote, list_all_refs, remote_names, toward
from gitexp.model.values import Digest, Oid
from gitexp.ops.doomed import DIGEST
from gitexp.ops.share.delivery import delivered_to
from gitexp.ops.share.incoming import begin, bring, clear_incoming, fetching
from gitexp.ops.transfers import opened, worked_in
from gitexp.repo import Repository

_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was removed, or would be."""

    shown: str
    """The place, for messages."""
    objects: tuple[Stored, ...]
    young: int
    """Objects that nothing points to and that are not old enough."""

    @property
    def size(self) -> int:
        return sum(one.size for one in self.objects)


def clear(
    repo: Repository,
    remote: Remote,
    *,
    dry_run: bool = False,
    older_than: float = GRACE,
    alone: bool = False,
) -> Cleared:
    """Removes what nothing points to and what came longer ago than `older_than` seconds.

    `alone` says that no other repository keeps artifacts in the place of `exp.artifacts`. Raises RemoteError,
    UsageError, GitError or OSError; then nothing was removed.
    """
    with opened(repo, remote, upload=True) as place:
        _check_place(repo, remote, place)
        _check_whole(repo)
        return _cleared(repo, remote, place, dry_run=dry_run, older_than=older_than, alone=alone)


def _cleared(
    repo: Repository,
    remote: Remote,
    place: ArtifactRemote,
    *,
    dry_run: bool,
    older_than: float,
    alone: bool,
) -> Cleared:
    elsewhere = bool(repo.config.get("exp.artifacts"))
    if elsewhere and not alone and not dry_run:
        raise UsageError(
            f"other repositories may keep artifacts in {place.shown}, and what they need is not known here",
            hint=f"git exp gc --remote {remote.name} --alone, where none does",
        )
    git = toward(repo.git, repo.environ)
    # What exp.artifacts names serves every remote.
    names = remote_names(repo.config) if elsewhere else [remote.name]
    remotes = [find_remote(repo.git, repo.config, name, push=True) for name in names]
    with _everything(repo, git, remotes) as tips:
        needed = _pointed_to(repo, tips)
        idle = [(one, came) for one, came in place.list() if one.oid not in needed]
        old = [one for one, came in idle if time.time() - came > older_than]
        last = _lacking(repo, [one.oid for one in old])
        found = [one for one in old if one.oid not in last]
        young = len(idle) - len(old)
        if found and not dry_run:
            if _tips(git, remotes) != tips:
                raise RemoteError(
                    f"remote '{remote.name}' has changed meanwhile: nothing was removed",
                    hint=f"git exp gc --remote {remote.name}",
                )
            # Whoever pushes a run with what is there has given it a new time, and has no ref there yet.
            here = {one.oid for one, came in place.list() if time.time() - came > older_than}
            young += sum(one.oid not in here for one in found)
            found = [one for one in found if one.oid in here]
            delivered_to(repo, remote).forget()
            place.remove([one.oid for one in found])
    return Cleared(place.shown, tuple(found), young)


def _check_place(repo: Repository, remote: Remote, place: ArtifactRemote) -> None:
    """Raises RemoteError where nothing can be removed from there."""
    if not place.removes:
        raise RemoteError(
            f"remote '{remote.name}' keeps artifacts on a Git LFS server, which has no way to remove any",
            hint="its host may have one: see its settings",
        )
    if not repo.config.get("exp.artifacts") and remote.url != remote.push_url:
        raise RemoteError(f"remote '{remote.name}' is fetched from another place than it is pushed to")
    if worked_in(repo, remote):
        raise RemoteError(
            f"remote '{remote.name}' is a repository that people work in, and not all that it needs is seen "
            "from here",
            hint="git exp gc, in that repository",
        )


def _check_whole(repo: Repository) -> None:
    """Raises GitError where this clone cannot know all that runs point to."""
    if repo.layout.shallow:
        raise GitError(
            "a shallow clone does not know all that needs an artifact", hint="git fetch --unshallow"
        )
    if repo.layout.partial:
        raise GitError(
            "a partial clone does not know all that needs an artifact", hint="git clone it in full"
        )


def _tips(git: Git, remotes: Sequence[Remote]) -> dict[str, dict[str, Oid]]:
    """Every ref of each remote. Raises RemoteError."""
    return {remote.name: list_all_refs(git, remote) for remote in remotes}


@contextmanager
def _everything(repo: Repository, git: Git, remotes: Sequence[Remote]) -> Iterator[dict[str, dict[str, Oid]]]:
    """All that the remotes have, as long as it is looked at also here. Raises RemoteError."""
    with fetching(repo):
        tips = _tips(git, remotes)
        try:
            for remote in remotes:
                begin(repo, remote)
                _bring(repo, git, remote, tips[remote.name])
            yield tips
        finally:
            for remote in remotes:
                clear_incoming(repo, remote)


def _bring(repo: Repository, git: Git, remote: Remote, refs: Mapping[str, Oid]) -> None:
    here = existing(repo.git, set(refs.values()))
    lacking = [ref for ref, oid in refs.items() if oid not in here and not ref.endswith("^{}")]
    places = {ref: f"{INCOMING}{remote.name}/{number}" for number, ref in enumerate(lacking)}
    fetched = bring(repo, git, remote, {ref: (place, refs[ref]) for ref, place in places.items()})
    for error in (*fetched.refused.values(), *fetched.failed.values()):
        raise error


def _pointed_to(repo: Repository, tips: Mapping[str, Mapping[str, Oid]]) -> set[Digest]:
    return _digests(repo, {oid for refs in tips.values() for oid in refs.values()})


def _lacking(repo: Repository, objects: Sequence[Digest]) -> Collection[Digest]:
    """Those of `objects` that this clone points to and of which the other place has the only bytes."""
    if not objects:
        return ()
    pointed = _digests(repo, roots(repo.git, repo.layout, ()))
    return {oid for oid in objects if oid in pointed and not repo.store.path(oid).exists()}


def _digests(repo: Repository, starts: Collection[Oid]) -> set[Digest]:
    """Whatever looks like the oid in a pointer, in any small blob that can be reached."""
    try:
        reached = walk(repo.git, repo.layout, starts)
    except GitError as error:
        raise GitExpError(
            f"not all that needs an artifact is here: {error.message}", hint="git fsck"
        ) from None
    small = [
        oid
        for oid, kind, size, _ in all_objects(repo.git)
        if kind == "blob" and size <= pointer.MAX_SIZE and oid in reached
    ]
    found: set[Digest] = set()
    for start in range(0, len(small), _AT_ONCE):
        for data in blobs(repo.git, small[start : start + _AT_ONCE]):
            found.update(Digest(digest.decode()) for digest in DIGEST.findall(data))
    return found
