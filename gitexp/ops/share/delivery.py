"""The bytes of artifacts sent to where a remote's are kept, also those of runs that it has already.

`.git/exp/outbox/<place>.bytes` has a commit a line: the runs all of whose bytes were found to be there. So
what was pushed by git alone, or to another place, is made good once. Losing the file costs a look.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from gitexp.artifacts.store import Stored
from gitexp.errors import GitExpError
from gitexp.git.remotes import Remote, is_local, toward
from gitexp.model.values import Digest, Oid
from gitexp.ops.read import StoredRun
from gitexp.ops.share.memory import Memory
from gitexp.ops.share.outbox import outbox_file
from gitexp.ops.share.pointers import pointers
from gitexp.repo import Repository


class Delivery(NamedTuple):
    """What came of it, by the commits of runs."""

    sent: Mapping[Oid, int]
    """How many objects the place lacked of a run that is on the remote."""
    failed: Mapping[Oid, Sequence[GitExpError]]
    """Why it lacks some now."""


def deliver(
    repo: Repository, remote: Remote, due: Sequence[StoredRun], there: Sequence[StoredRun], *, asked: bool
) -> Delivery:
    """Sends the bytes of runs that are `due`, and those that are missing of runs that are `there`.

    Of the latter nothing that was found before is looked for, and nothing that is not here, unless it was
    `asked` for. Raises BrokenRecord or NotFound for a run that is due, or OSError.
    """
    memory = delivered_to(repo, remote)
    wanted = {run.commit: pointers(repo, run) for run in due}
    older: dict[Oid, list[Stored]] = {}
    for run in there:
        if asked or (run.commit not in memory.words and _may_send(repo, run)):
            with suppress(GitExpError):
                older[run.commit] = pointers(repo, run)
    kept = {one.oid: one for found in older.values() for one in found if asked or _is_here(repo, one)}
    missing = _missing(repo, remote, list(kept.values()))
    objects = missing | {one.oid: one for found in wanted.values() for one in found}
    failed = _send(repo, remote, list(objects.values()))
    left = set(failed) | {one.oid for found in older.values() for one in found if one.oid not in kept}
    every = {**older, **wanted}
    memory.add(commit for commit, found in every.items() if left.isdisjoint(one.oid for one in found))
    sent = {commit: sum(one.oid in missing.keys() - left for one in found) for commit, found in older.items()}
    errors = {
        commit: [failed[one.oid] for one in found if one.oid in failed] for commit, found in every.items()
    }
    return Delivery(sent, {commit: found for commit, found in errors.items() if found})


def delivered_to(repo: Repository, remote: Remote) -> Memory:
    """The commits of runs all of whose bytes are where those of `remote` are kept."""
    return Memory(outbox_file(repo, _place(repo, remote), "bytes"))


def _place(repo: Repository, remote: Remote) -> str:
    """What tells one place from another, found without asking anybody."""
    url = repo.config.get("exp.artifacts")
    if url:
        return str(repo.git.cwd / url) if is_local(url) else url
    from gitexp.git.lfs_server import named_server

    # Where the address is none that the user trusts, nothing is sent, and so nothing noted.
    with suppress(GitExpError):
        git = toward(repo.git, repo.environ)
        named = named_server(git, repo.config, remote, repo.layout.top, upload=True)
        return named or remote.push_url
    return remote.push_url


def _may_send(repo: Repository, run: StoredRun) -> bool:
    """Whether a run has no artifact, or this clone bytes of one; no look into its commit is needed."""
    try:
        known = json.loads(run.row.tail.artifacts or "{}").values()
    except GitExpError:
        return False
    found = (Stored(Digest(one["oid"].removeprefix("sha256:")), one["size"]) for one in known)
    return not known or any(_is_here(repo, one) for one in found)


def _is_here(repo: Repository, one: Stored) -> bool:
    return repo.store.has(one.oid, one.size)


def _missing(repo: Repository, remote: Remote, objects: Sequence[Stored]) -> dict[Digest, Stored]:
    """Those of `objects` that the place does not say it has; what is wrong with it is told by sending."""
    left = {one.oid: one for one in objects}
    if not left:
        return left
    from gitexp.artifacts.remote import AT_ONCE
    from gitexp.ops.transfers import opened

    with suppress(GitExpError), opened(repo, remote, upload=True) as place:
        for start in range(0, len(objects), AT_ONCE):
            told = place.announce(objects[start : start + AT_ONCE], upload=True)
            for oid in [oid for oid, error in told.items() if error is None]:
                del left[oid]
    return left


def _send(repo: Repository, remote: Remote, objects: Sequence[Stored]) -> dict[Digest, GitExpError]:
    if not objects:
        return {}
    from gitexp.ops.transfers import send

    return send(repo, remote, objects)
