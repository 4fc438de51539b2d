"""The artifact store."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitexp.artifacts.store import ArtifactStore


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
