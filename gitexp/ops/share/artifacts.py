"""The bytes of the large artifacts of fetched runs, brought here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gitexp.artifacts.store import Stored
from gitexp.errors import GitExpError, RemoteError
from gitexp.git.refs import ARCHIVE
from gitexp.git.remotes import Remote
from gitexp.model.names import RunName
from gitexp.model.values import Digest
from gitexp.ops.archive.held import current
from gitexp.ops.read import StoredRun, list_all
from gitexp.ops.share.pointers import pointers
from gitexp.ops.share.reconcile import Verdict
from gitexp.repo import Repository


class Failure(NamedTuple):
    """An artifact that did not come."""

    run: RunName
    path: str
    error: GitExpError

    @property
    def told(self) -> RemoteError:
        """The error, which names an object, with what the object is."""
        return RemoteError(f"{self.run}:{self.path}: {self.error.message}", hint=self.error.hint)


class Received(NamedTuple):
    """What came, or would."""

    wanted: int
    """Objects that were not here."""
    fetched: int
    failed: Sequence[Failure] = ()


def receive_artifacts(
    repo: Repository, remote: Remote, verdicts: Sequence[Verdict], names: Sequence[str], *, dry_run: bool
) -> Received:
    """Brings what runs that are here and were fetched point to, those in archives included.

    Where `names` were asked for it is for runs that begin with one of them alone. Raises GitError, OSError.
    """
    covered = _covered(repo, verdicts)
    wanted = {
        run: pointers(repo, run)
        for run in list_all(repo).runs
        if run.name in covered and (not names or run.name.startswith(tuple(names)))
    }
    objects = {one.oid: one for found in wanted.values() for one in found}
    lacking = [one for one in objects.values() if not repo.store.has(one.oid, one.size)]
    if dry_run or not lacking:
        return Received(len(lacking), 0)
    from gitexp.ops.transfers import receive

    failed = receive(repo, lacking, remote)
    return Received(len(lacking), len(lacking) - len(failed), _failures(wanted, failed))


def _covered(repo: Repository, verdicts: Sequence[Verdict]) -> set[str]:
    """The names of runs that were fetched, or are here as they are there."""
    found: set[str] = {one.name for one in verdicts if not one.is_archive}
    archives = current(repo).known if len(found) < len(verdicts) else {}
    for one in verdicts:
        if one.is_archive and ARCHIVE + one.name in archives:
            found.update(placed.head.name for placed in archives[ARCHIVE + one.name].runs)
    return found


def _failures(
    wanted: Mapping[StoredRun, Sequence[Stored]], failed: Mapping[Digest, GitExpError]
) -> list[Failure]:
    """Each object that did not come, under the first path that has it."""
    left, found = dict(failed), []
    for run, objects in wanted.items():
        if left.keys().isdisjoint(one.oid for one in objects):
            continue
        for artifact in run.whole.artifacts:
            error = left.pop(artifact.oid, None)
            if error is not None:
                found.append(Failure(run.name, artifact.path, error))
    return found
