"""Hashes that are remembered."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from gitexp.artifacts import digests
from gitexp.artifacts.digests import DigestCache
from gitexp.artifacts.store import Stored
from gitexp.model.values import Digest

SIZE = 1 << 20
OLD = 1_600_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A large file that has not been touched for long, as far as its times tell."""
    path = tmp_path / "data.bin"
    write(path, b"a")
    return path


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ten seconds later than the file system believes."""
    now = time.time
    monkeypatch.setattr(digests.time, "time", lambda: now() + 10)


def write(path: Path, letter: bytes) -> None:
    path.write_bytes(letter * SIZE)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def counted(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are hashed from now on."""
    hashed: list[Path] = []
    digest_file = digests.digest_file

    def count(path: Path) -> Stored:
        hashed.append(path)
        return digest_file(path)

    monkeypatch.setattr(digests, "digest_file", count)
    return hashed


def test_an_unchanged_file_is_hashed_once(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = counted(monkeypatch)
    for _ in range(3):
        assert DigestCache(tmp_path / "cache").file(path) == Stored(Digest(sha256(path)), SIZE)
    assert hashed == [path]
    write(path, b"b")
    assert DigestCache(tmp_path / "cache").file(path).oid == sha256(path)
    assert hashed == [path, path]


def test_a_file_whose_time_was_set_back_is_hashed_again(tmp_path: Path, path: Path) -> None:
    os.utime(path, (OLD, OLD))
    cache = DigestCache(tmp_path / "cache")
    cache.file(path)
    assert cache.known(path) is not None
    write(path, b"b")
    os.utime(path, (OLD, OLD))
    assert cache.known(path) is None
    assert cache.file(path).oid == sha256(path)


def test_a_file_that_was_changed_just_now_is_not_trusted(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be changed once more within the same tick of the clock."""
    cache = DigestCache(tmp_path / "cache")
    now = path.stat().st_ctime
    monkeypatch.setattr(digests.time, "time", lambda: now + 1.0)
    cache.file(path)
    assert cache.known(path) is None
    monkeypatch.setattr(digests.time, "time", lambda: now + 3.0)
    assert cache.known(path) is None
    cache.file(path)
    assert cache.known(path) is not None
    os.utime(path, (OLD, OLD))
    changed = path.stat().st_ctime
    monkeypatch.setattr(digests.time, "time", lambda: changed + 1.0)
    assert cache.look(path) is None


def test_a_file_that_changes_while_it_is_hashed_is_not_remembered(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, digest_file = DigestCache(tmp_path / "cache"), digests.digest_file

    def and_change(path: Path) -> Stored:
        found = digest_file(path)
        write(path, b"c")
        return found

    monkeypatch.setattr(digests, "digest_file", and_change)
    cache.file(path)
    assert cache.known(path) is None


@pytest.mark.parametrize(
    "damage", [b"\xff\n", b"[]\n", b"{}\n", b'["x"]\n', b"3\n", b'[1, 2, 3, 4, 5, 6, 7]\n["x', b"null\n"]
)
def test_a_damaged_line_costs_nothing_but_itself(tmp_path: Path, path: Path, damage: bytes) -> None:
    file = tmp_path / "cache"
    DigestCache(file).file(path)
    file.write_bytes(damage + file.read_bytes())
    found = DigestCache(file).known(path)
    assert found is None or found.oid == sha256(path)
    file.write_bytes(damage)
    assert DigestCache(file).file(path).oid == sha256(path)


def test_several_processes_forget_nothing_of_each_other(tmp_path: Path, path: Path) -> None:
    other = tmp_path / "other.bin"
    write(other, b"o")
    one, two = DigestCache(tmp_path / "cache"), DigestCache(tmp_path / "cache")
    assert one.known(path) is two.known(path) is None  # both have read it
    one.file(path)
    two.file(other)
    fresh = DigestCache(tmp_path / "cache")
    assert fresh.known(path) is not None
    assert fresh.known(other) is not None


def test_the_newest_stay_when_there_are_many(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "_MAX_ENTRIES", 3)
    file = tmp_path / "cache"
    names = [tmp_path / f"{number}.bin" for number in range(8)]
    for name in names:
        write(name, b"x")
        DigestCache(file).file(name)
    known = [name for name in names if DigestCache(file).known(name)]
    assert known[-3:] == names[-3:]
    assert len(file.read_bytes().splitlines()) <= 6


def test_a_name_that_is_not_utf_8_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.bin")
    write(path, b"x")
    DigestCache(tmp_path / "cache").file(path)
    assert DigestCache(tmp_path / "cache").known(path) == Stored(Digest(sha256(path)), SIZE)
