"""Objects moved to or from one place: many at a time, again where a failure may pass, and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from time import sleep

from gitexp.artifacts.arriving import Arrival, arriving, settle
from gitexp.artifacts.checked import Checked
from gitexp.artifacts.remote import AT_ONCE, ArtifactRemote, Denied, Interrupted, Moved
from gitexp.artifacts.store import Stored
from gitexp.errors import BrokenRecord, GitExpError, NotFound, RemoteError, StorageFull
from gitexp.model.values import Digest
from gitexp.repo import Repository

_PAUSES = (0.5, 1.0, 2.0)
"""Seconds to wait after each try that failed, but for the last."""
_GIVEN_UP = 3
"""Objects in a row that the place failed at in all tries: then it is the place, not the objects."""


def sent(repo: Repository, place: ArtifactRemote, objects: Sequence[Stored]) -> dict[Digest, GitExpError]:
    """Why some of `objects` are not at `place` now."""

    def send(one: Stored, moved: Moved) -> None:
        try:
            path = repo.store.path(one.oid)
            with path.open("rb") as file:
                place.send(one, Checked(path, file, one, moved))
        except FileNotFoundError:
            raise NotFound(f"artifact {one.oid[:12]} ({one.size} bytes) is not in the local store") from None
        except BrokenRecord:
            with repo.store.verified(one.oid, one.size):  # which sets damaged bytes aside, and says so
                raise

    return _Mover(repo, place, upload=True, move=send, settle=place.settle).all(objects)


def received(repo: Repository, place: ArtifactRemote, objects: Sequence[Stored]) -> dict[Digest, GitExpError]:
    """Why some of `objects` are not in the local store now."""

    arrived: list[Arrival] = []

    def receive(one: Stored, moved: Moved) -> None:
        with arriving(repo.store, arrived, one) as arrival:
            moved(arrival.size)
            resumed = arrival.resumed
            place.receive(one, arrival, moved)
            try:
                arrival.check()
            except BrokenRecord as error:
                # What an earlier try left may be what is wrong.
                raise Interrupted(error.message) if resumed else error from None

    put = partial(settle, repo.store, arrived)
    return _Mover(repo, place, upload=False, move=receive, settle=put).all(objects)


@dataclass
class _Mover:
    repo: Repository
    place: ArtifactRemote
    upload: bool
    move: Callable[[Stored, Moved], None]
    settle: Callable[[], None]
    """Called after each batch: what was moved stays, then."""
    failed: dict[Digest, GitExpError] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    in_a_row: int = 0
    """Objects that the place failed at, since one went well."""
    over: GitExpError | None = None
    """Why nothing more will go well."""

    def all(self, objects: Sequence[Stored]) -> dict[Digest, GitExpError]:
        verb = "sending" if self.upload else "fetching"
        what = f"{verb} {len(objects)} artifact{'' if len(objects) == 1 else 's'}"
        with (
            self.repo.moving(what, sum(one.size for one in objects)) as moved,
            ThreadPoolExecutor(self.place.threads) as pool,
        ):
            for batch in _batches(objects):
                self._batch(batch, moved, pool)
        return self.failed

    def _batch(self, batch: Sequence[Stored], moved: Moved, pool: ThreadPoolExecutor) -> None:
        try:
            settled = self._announced(batch)
        except RemoteError as error:
            self.over = error
            self.failed |= dict.fromkeys((one.oid for one in batch), error)
            return
        self.failed |= {oid: error for oid, error in settled.items() if error is not None}
        for one in batch:
            if one.oid in settled:
                moved(one.size)
        due = [one for one in batch if one.oid not in settled]
        reasons = zip(due, pool.map(lambda one: self._moved(one, moved), due), strict=True)
        self.failed |= {one.oid: reason for one, reason in reasons if reason is not None}
        try:
            self.settle()
        except (RemoteError, OSError) as error:
            self.over = error if isinstance(error, RemoteError) else _full(error)
            self.failed |= dict.fromkeys((one.oid for one in due), self.over)

    def _announced(self, batch: Sequence[Stored]) -> dict[Digest, GitExpError | None]:
        """What the place says of the batch before anything is moved. Raises RemoteError."""
        if self.over is not None:
            return dict.fromkeys((one.oid for one in batch), self.over)
        for pause in _PAUSES:
            try:
                return self.place.announce(batch, upload=self.upload)
            except Interrupted as error:
                sleep(max(pause, error.after))
        return self.place.announce(batch, upload=self.upload)

    def _announced_again(self, one: Stored) -> bool:
        try:
            return one.oid not in self.place.announce([one], upload=self.upload)
        except RemoteError:
            return False

    def _moved(self, one: Stored, moved: Moved) -> GitExpError | None:
        """Why the object could not be moved, in all tries."""
        failure: GitExpError | None = None
        for pause in (*_PAUSES, 0.0):
            if self.over is not None:
                return self.over
            passed = _Counted(moved)
            try:
                self.move(one, passed)
                self.in_a_row = 0
                return None
            except Interrupted as error:
                failure = error
                passed.take_back()
                sleep(max(pause, error.after))
            except Denied as error:
                passed.take_back()
                # What was announced holds for a while only: it is asked for once more.
                if isinstance(failure, Denied) or not self._announced_again(one):
                    self.over = error
                    return error
                failure = error
            except GitExpError as error:
                if isinstance(error, StorageFull):
                    self.over = error
                return error
            except OSError as error:
                return RemoteError(f"artifact {one.oid[:12]} cannot be moved: {error.strerror}")
        with self.lock:
            self.in_a_row += 1
            if self.in_a_row >= _GIVEN_UP:
                self.over = failure
        return failure


def _full(error: OSError) -> StorageFull:
    return StorageFull(f"artifacts cannot be kept: {error.strerror}")


class _Counted:
    """Tells how many bytes have passed, and takes it back where they pass again."""

    def __init__(self, moved: Moved) -> None:
        self._moved, self._passed = moved, 0

    def __call__(self, count: int) -> None:
        self._passed += count
        self._moved(count)

    def take_back(self) -> None:
        self(-self._passed)


def _batches(objects: Sequence[Stored]) -> Iterator[Sequence[Stored]]:
    return (objects[start : start + AT_ONCE] for start in range(0, len(objects), AT_ONCE))
