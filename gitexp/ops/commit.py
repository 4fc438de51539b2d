"""The commit of a run: its tree, its message, and the way into the repository."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.capture.snapshot import RECORD_FOLDER
from gitexp.git.objects import FILE, FOLDER, Entry, Identity, ObjectBuilder
from gitexp.git.write import KeptPack, store, unkeep
from gitexp.model.record import RunInfo, Status
from gitexp.model.times import parse_time
from gitexp.model.values import Oid, Scalar
from gitexp.ops.headline import headline
from gitexp.repo import Repository
from gitexp.sharing import make_folder, share

if TYPE_CHECKING:
    from gitexp.capture.live import Live
    from gitexp.capture.liveness import Lock

RUN_TRAILER, STATUS_TRAILER, CHECKPOINT_TRAILER = "Exp-Run", "Exp-Status", "Exp-Checkpoint"


@dataclass
class RecordTree:
    """The record folder under construction: paths below `.exp/` and the blobs that stand there."""

    builder: ObjectBuilder
    blobs: dict[str, Oid] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    """Artifacts of which there is a pointer, but no bytes in the store."""

    def add(self, path: str, data: bytes) -> None:
        self.blobs[path] = self.builder.blob(data)

    def write(self) -> Oid:
        """The tree of everything added."""
        return _tree(self.builder, {tuple(path.split("/")): oid for path, oid in self.blobs.items()})


def write_commit(
    builder: ObjectBuilder,
    entries: Iterable[Entry],
    record: RecordTree,
    *,
    info: RunInfo,
    metrics: Mapping[str, Scalar],
    parents: Sequence[Oid],
    identity: tuple[str, str],
    checkpoint: int | None = None,
    time: float | None = None,
) -> Oid:
    """The commit of a run with the code tree `entries`.

    Its time is that of the end, or of the start, unless `time` is given: same record, same commit.
    """
    root = builder.tree([*entries, Entry(RECORD_FOLDER, FOLDER, record.write())])
    seconds = parse_time(info.ended or info.started) if time is None else time
    message = commit_message(info, metrics, checkpoint)
    return builder.commit(root, parents, Identity(*identity), seconds, message)


def trailing(info: RunInfo) -> str:
    """The trailers that every commit of a run has."""
    return f"{RUN_TRAILER}: {info.name}\n{STATUS_TRAILER}: {info.status.value}\n"


def commit_message(info: RunInfo, metrics: Mapping[str, Scalar], checkpoint: int | None = None) -> str:
    """Subject and trailers: `exp brave-otter-3f2ak7: accuracy 0.931, loss 0.21`."""
    told = headline(metrics) if info.status is not Status.RUNNING or checkpoint else ""
    if info.status is not Status.FINISHED:
        state = f"checkpoint {checkpoint}" if checkpoint else info.status.value
        told = f"{state}, {told}" if told else state
    subject = f"exp {info.name}: {told}" if told else f"exp {info.name}"
    counted = f"{CHECKPOINT_TRAILER}: {checkpoint}\n" if checkpoint else ""
    return f"{subject}\n\n{trailing(info)}{counted}"


def bring_in(repo: Repository, live: Live, builder: ObjectBuilder, lock: Lock) -> None:
    """Everything in `builder` stored in the repository, and linked from the live directory to heal with.

    git holds the run's lock as well for as long as it writes.
    """
    number = len(list(live.packs.glob("*.oids")))
    path = live.packs / f"{number:03}.pack"
    info = builder.write_pack(path, nonce=os.urandom(8) if number else None)
    path.with_suffix(".oids").write_text("\n".join(info.oids))
    share(path.with_suffix(".oids"))
    kept = store(repo.git.holding(lock.descriptor), repo.layout, path, keep=live.name)
    _share_bytes(repo.layout.packs / f"pack-{kept.name}.pack", path)
    path.with_suffix(".name").write_text(kept.name)
    share(path.with_suffix(".name"))


@contextmanager
def stored(repo: Repository, builder: ObjectBuilder) -> Iterator[None]:
    """With everything in `builder` in the repository, and kept there until refs point to it."""
    make_folder(repo.home)
    path = repo.home / f"edit-{os.getpid()}-{os.urandom(4).hex()}.pack"
    try:
        builder.write_pack(path)
        kept = store(repo.git, repo.layout, path, keep=f"edit {os.getpid()}")
    finally:
        _remove(path)
    try:
        yield
    finally:
        unkeep(repo.layout, KeptPack(kept.name))


def _remove(path: Path) -> None:
    for one in (path, path.with_name(path.name + ".tmp")):
        one.unlink(missing_ok=True)


def _share_bytes(stored: Path, own: Path) -> None:
    """Make our copy a second name of the stored pack, where the file system can: it outlives gc for free."""
    link = own.with_suffix(".link")
    try:
        os.link(stored, link)
        os.replace(link, own)
    except OSError:
        link.unlink(missing_ok=True)


def _tree(builder: ObjectBuilder, blobs: Mapping[tuple[str, ...], Oid]) -> Oid:
    folders: dict[str, dict[tuple[str, ...], Oid]] = {}
    entries: list[Entry] = []
    for path, oid in blobs.items():
        if len(path) == 1:
            entries.append(Entry(path[0].encode(), FILE, oid))
        else:
            folders.setdefault(path[0], {})[path[1:]] = oid
    # Two processes may have kept a file and a folder under one name; better one of them lost than the run.
    entries = [entry for entry in entries if entry.name.decode() not in folders]
    for name, inside in folders.items():
        entries.append(Entry(name.encode(), FOLDER, _tree(builder, inside)))
    return builder.tree(entries)
