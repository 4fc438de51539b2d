"""The artifact store."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from gitexp.artifacts.store import ArtifactStore, Stored, open_regular
from gitexp.errors import BrokenRecord, NotFound


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "objects")


def test_good_bytes_replace_a_damaged_object(store: ArtifactStore) -> None:
    stored = store.add_bytes(b"good")
    path = store.path(stored.oid)
    path.chmod(0o600)
    path.write_bytes(b"baad")
    assert store.add_bytes(b"good") == stored
    assert store.open(stored.oid, stored.size) == b"good"


def test_bytes_that_are_there_are_not_written_again(store: ArtifactStore) -> None:
    stored = store.add_bytes(b"good")
    before = store.path(stored.oid).stat()
    assert store.add_bytes(b"good") == stored
    assert store.path(stored.oid).stat().st_ino == before.st_ino


def test_folders_are_synced_also_where_the_bytes_are_there(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that wrote them may have died before it got so far."""
    stored = store.add_bytes(b"good")
    synced: list[int] = []

    def fsync(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", fsync)
    store.add_bytes(b"good")
    folder = store.path(stored.oid).parent
    assert {one.stat().st_ino for one in (folder, folder.parent, store.root)} <= set(synced)


def test_nothing_is_left_of_copies(store: ArtifactStore) -> None:
    store.add_bytes(b"one")
    store.add_bytes(b"one")
    assert list((store.root.parent / "tmp").iterdir()) == []


def test_a_source_that_nobody_writes_to_gets_one_more_name(store: ArtifactStore, tmp_path: Path) -> None:
    other = ArtifactStore(tmp_path / "other/objects")
    stored = other.add_bytes(b"good")
    assert store.add_file(other.path(stored.oid), frozen=True) == stored
    assert store.path(stored.oid).samefile(other.path(stored.oid))
    assert store.path(stored.oid).stat().st_mode & 0o777 == 0o444
    assert rests(store) == []


def test_a_frozen_source_of_another_file_system_is_copied(store: ArtifactStore) -> None:
    if os.stat("/dev/shm").st_dev == store.root.parent.stat().st_dev:
        pytest.skip("everything is on one file system here")
    other = ArtifactStore(Path("/dev/shm") / f"gitexp-test-{os.getpid()}/objects")
    try:
        stored = other.add_bytes(b"good")
        assert store.add_file(other.path(stored.oid), frozen=True) == stored
        assert store.open(stored.oid, stored.size) == b"good"
    finally:
        shutil.rmtree(other.root.parent)


def test_what_a_file_becomes_later_does_not_change_what_was_kept(
    store: ArtifactStore, tmp_path: Path
) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(b"one" * 1000)
    stored = store.add_file(source)
    with source.open("r+b") as file:
        file.write(b"TWO")
    assert store.open(stored.oid, stored.size) == b"one" * 1000
    assert source.stat().st_nlink == 1


def test_a_file_that_grows_while_it_is_read_is_kept_as_long_as_it_was(
    store: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitexp.artifacts.store.clone", lambda source, target: False)
    path = tmp_path / "log.bin"
    path.write_bytes(b"x" * 5000)
    with open_regular(path) as file:
        monkeypatch.setattr("gitexp.artifacts.store._CHUNK", 1000)
        read = file.read

        def and_grow(size: int) -> bytes:
            with path.open("ab") as more:
                more.write(b"y" * 5000)
            return read(size)

        incoming = store.take(Growing(file, and_grow))  # type: ignore[arg-type]
    store.publish([incoming])
    assert not incoming.steady
    assert store.open(incoming.stored.oid, 5000) == b"x" * 5000


class Growing:
    def __init__(self, file: BinaryIO, read: Callable[[int], bytes]) -> None:
        self.fileno, self.read = file.fileno, read


def test_a_pipe_is_no_file(store: ArtifactStore, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="is not a regular file"):
        store.add_file(tmp_path / "pipe")
    assert rests(store) == []


def test_many_at_once_are_each_there(store: ArtifactStore) -> None:
    taken = [store.take_bytes(b"%d" % (number // 2)) for number in range(60)]
    marks = store.publish(taken)
    assert [store.open(one.stored.oid, one.stored.size) for one in taken] == [
        b"%d" % (number // 2) for number in range(60)
    ]
    assert sum(mark is not None for mark in marks) == 30
    assert rests(store) == []


def test_what_cannot_be_published_leaves_nothing(store: ArtifactStore) -> None:
    store.root.parent.mkdir(exist_ok=True)
    store.root.write_bytes(b"in the way")
    with pytest.raises(OSError, match="objects"):
        store.add_bytes(b"good")
    assert rests(store) == []


def test_only_what_nobody_has_added_since_is_withdrawn(store: ArtifactStore) -> None:
    (mark,) = store.publish([one := store.take_bytes(b"mine")])
    assert mark is not None
    assert store.add_bytes(b"mine") == one.stored  # by somebody else, who now counts on it
    assert not store.withdraw(one.stored.oid, mark)
    assert store.open(one.stored.oid, 4) == b"mine"
    (mark,) = store.publish([other := store.take_bytes(b"other")])
    assert mark is not None
    present = store.take_present(other.stored)
    assert present is not None
    assert store.publish([present]) == [None]
    assert not store.withdraw(other.stored.oid, mark)
    (mark,) = store.publish([third := store.take_bytes(b"third")])
    assert mark is not None
    assert store.withdraw(third.stored.oid, mark)
    assert not store.has(third.stored.oid, 5)
    assert not store.withdraw(third.stored.oid, mark)
    assert rests(store) == []


def test_what_is_added_while_it_is_withdrawn_stays(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mark,) = store.publish([one := store.take_bytes(b"mine")])
    assert mark is not None
    rename = Path.rename

    def late(path: Path, target: Path) -> Path:
        store.add_bytes(b"mine")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", late)
    assert not store.withdraw(one.stored.oid, mark)
    assert store.open(one.stored.oid, 4) == b"mine"
    assert rests(store) == []


@pytest.mark.parametrize("damage", [b"baad", b"goo"])
def test_no_way_of_reading_gives_damaged_bytes(store: ArtifactStore, damage: bytes) -> None:
    def opened(stored: Stored) -> None:
        store.opened(stored.oid, stored.size).close()

    def verified(stored: Stored) -> None:
        with store.verified(stored.oid, stored.size):
            pass

    def copied(stored: Stored) -> None:
        store.copy_out(stored.oid, stored.size, io.BytesIO())

    def read(stored: Stored) -> None:
        store.open(stored.oid, stored.size)

    for way in (opened, verified, copied, read):
        stored = store.add_bytes(b"good")
        way(stored)
        path = store.path(stored.oid)
        path.chmod(0o600)
        path.write_bytes(damage)
        with pytest.raises(BrokenRecord, match="is damaged"):
            way(stored)
        assert not path.exists()
        assert (store.root.parent / "bad" / stored.oid).read_bytes() == damage
        with pytest.raises(NotFound, match="is not in the local store"):
            way(stored)


def rests(store: ArtifactStore) -> list[Path]:
    return list(store.temporary.glob("*"))
