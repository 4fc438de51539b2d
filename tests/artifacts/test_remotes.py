"""One contract for every kind of place that keeps artifacts."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from gitexp.artifacts.arriving import Arrival, arriving, settle
from gitexp.artifacts.checked import Checked
from gitexp.artifacts.cloud import Cloud
from gitexp.artifacts.folder import Folder
from gitexp.artifacts.lfs import LfsServer
from gitexp.artifacts.remote import ArtifactRemote
from gitexp.artifacts.store import ArtifactStore, Stored
from gitexp.errors import BrokenRecord, RemoteError
from gitexp.model.login import Login
from gitexp.model.values import Digest
from tests.artifacts.servers import S3_ENVIRON, lfs_server, s3_server

LARGE = os.urandom(1 << 20) * 9 + b"end"
"""More than one block of any kind of place."""


class NoLogin:
    """A git that knows of nothing."""

    settings: Mapping[str, Sequence[str]] = {}

    def fill(self, url: str) -> Login | None:
        return None

    def approve(self, login: Login) -> None:
        raise AssertionError

    def reject(self, login: Login) -> None:
        raise AssertionError


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    with s3_server() as url:
        yield url


@pytest.fixture(params=["folder", "memory", "file", "s3", "lfs"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ArtifactRemote]:
    if request.param == "folder":
        yield Folder(ArtifactStore(tmp_path / "there"), shown="the folder")
    elif request.param == "lfs":
        with lfs_server(tmp_path / "lfs") as server:
            yield LfsServer(server.url, {}, NoLogin(), shown="the server", threads=4, timeout=30)
    else:
        if request.param == "s3":
            for name, value in S3_ENVIRON.items():
                monkeypatch.setenv(name, value)
            monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("s3"))
        urls = {
            "memory": f"memory://{tmp_path.name}",
            "file": f"file://{tmp_path}/files",
            "s3": f"s3://bucket/{tmp_path.name}",
        }
        yield Cloud(urls[request.param], shown="the bucket")


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "here" / "objects")


def stored(data: bytes) -> Stored:
    return Stored(Digest(hashlib.sha256(data).hexdigest()), len(data))


def sent(place: ArtifactRemote, folder: Path, data: bytes, wanted: Stored) -> None:
    """Send a file with `data` as what is `wanted`."""
    path = folder / f"sent-{os.urandom(6).hex()}"
    path.write_bytes(data)
    with path.open("rb") as file:
        place.send(wanted, Checked(path, file, wanted, lambda _: None))


def send(place: ArtifactRemote, tmp_path: Path, data: bytes) -> Stored:
    one = stored(data)
    if place.announce([one], upload=True) == {}:
        sent(place, tmp_path, data, one)
        place.settle()
    return one


def receive(place: ArtifactRemote, store: ArtifactStore, one: Stored) -> bytes:
    assert place.announce([one], upload=False) == {}
    arrived: list[Arrival] = []
    with arriving(store, arrived, one) as arrival:
        place.receive(one, arrival, lambda _: None)
    settle(store, arrived)
    return store.open(one.oid, one.size)


def cut(store: ArtifactStore, one: Stored, data: bytes) -> None:
    """Have a transfer end when `data` has arrived."""
    with suppress(KeyboardInterrupt), arriving(store, [], one) as arrival:
        arrival.write(data)
        raise KeyboardInterrupt


@pytest.mark.parametrize("data", [b"", b"small", LARGE], ids=["empty", "small", "large"])
def test_there_and_back(place: ArtifactRemote, store: ArtifactStore, data: bytes, tmp_path: Path) -> None:
    assert receive(place, store, send(place, tmp_path, data)) == data


def test_what_is_there_need_not_be_sent(place: ArtifactRemote, tmp_path: Path) -> None:
    one, other = send(place, tmp_path, b"one"), stored(b"other")
    assert place.announce([one, other], upload=True) == {one.oid: None}


def test_what_is_not_there_is_told(place: ArtifactRemote, store: ArtifactStore, tmp_path: Path) -> None:
    one, other = send(place, tmp_path, b"one"), stored(b"other")
    told = place.announce([one, other], upload=False)
    assert list(told) == [other.oid]
    assert isinstance(told[other.oid], RemoteError)


@pytest.mark.parametrize("data", [b"small", LARGE], ids=["small", "large"])
def test_other_bytes_than_promised_are_never_kept(place: ArtifactRemote, data: bytes, tmp_path: Path) -> None:
    one = stored(data)
    bad = data[:-1] + bytes([data[-1] ^ 1])
    assert place.announce([one], upload=True) == {}
    with pytest.raises(BrokenRecord):
        sent(place, tmp_path, bad, one)
    assert place.announce([one], upload=False) != {}


def test_a_file_that_was_cut_or_goes_on_is_never_kept(place: ArtifactRemote, tmp_path: Path) -> None:
    one = stored(LARGE)
    for bad in (LARGE[:-7], LARGE + b"more", b""):
        assert place.announce([one], upload=True) == {}
        with pytest.raises(BrokenRecord):
            sent(place, tmp_path, bad, one)
    assert place.announce([one], upload=False) != {}


def test_what_was_cut_goes_on_where_it_was(
    place: ArtifactRemote, store: ArtifactStore, tmp_path: Path
) -> None:
    one = send(place, tmp_path, LARGE)
    cut(store, one, LARGE[:5_000_000])
    passed: list[int] = []
    place.announce([one], upload=False)
    arrived: list[Arrival] = []
    with arriving(store, arrived, one) as arrival:
        assert arrival.resumed
        place.receive(one, arrival, passed.append)
    settle(store, arrived)
    assert store.open(one.oid, one.size) == LARGE
    # A server that cannot begin in the middle has it begin anew.
    assert sum(passed) == len(LARGE) - 5_000_000


def test_what_was_kept_of_something_else_is_found_out(
    place: ArtifactRemote, store: ArtifactStore, tmp_path: Path
) -> None:
    one = send(place, tmp_path, LARGE)
    cut(store, one, b"x" * 5_000_000)
    place.announce([one], upload=False)
    with pytest.raises(BrokenRecord, match="damaged there"), arriving(store, [], one) as arrival:
        place.receive(one, arrival, lambda _: None)
    assert not store.has(one.oid, one.size)
    assert receive(place, store, one) == LARGE


def test_many_at_once(place: ArtifactRemote, store: ArtifactStore, tmp_path: Path) -> None:
    all_data = [b"%d" % number for number in range(50)]
    objects = [send(place, tmp_path, data) for data in all_data]
    assert place.announce(objects, upload=False) == {}
    assert place.announce(objects, upload=True) == {one.oid: None for one in objects}


def test_a_list_and_removing(place: ArtifactRemote, tmp_path: Path) -> None:
    one, other = send(place, tmp_path, b"one"), send(place, tmp_path, b"other")
    if not place.removes:
        with pytest.raises(RemoteError, match="no way to remove"):
            place.remove([one.oid])
        with pytest.raises(RemoteError, match="does not tell"):
            list(place.list())
        return
    assert {found for found, _ in place.list()} == {one, other}
    assert all(when > 1_600_000_000 for _, when in place.list())
    place.remove([one.oid, stored(b"never there").oid])
    assert [found for found, _ in place.list()] == [other]


def test_a_folder_on_the_same_disk_takes_no_second_copy(tmp_path: Path) -> None:
    """Where the file system cannot share blocks, the object gets one more name."""
    there, path = ArtifactStore(tmp_path / "there"), tmp_path / "object"
    path.write_bytes(LARGE)
    one, before = stored(LARGE), os.statvfs(tmp_path).f_bfree
    place = Folder(there, shown="the folder")
    with path.open("rb") as file:
        place.send(one, Checked(path, file, one, lambda _: None))
    place.settle()
    shared = there.path(one.oid).stat().st_ino == path.stat().st_ino
    assert shared or before - os.statvfs(tmp_path).f_bfree < len(LARGE) // 4096 // 2
    assert there.open(one.oid, one.size) == LARGE


def test_what_a_push_counts_on_is_young_again(tmp_path: Path) -> None:
    """So that nobody who frees what nothing points to takes it away before the run is there."""
    place = Folder(ArtifactStore(tmp_path / "there"), shown="the folder")
    one = send(place, tmp_path, b"one")
    path = ArtifactStore(tmp_path / "there").path(one.oid)
    os.utime(path, (1, 1))
    assert place.announce([one], upload=False) == {}
    assert path.stat().st_mtime == 1
    assert place.announce([one], upload=True) == {one.oid: None}
    assert path.stat().st_mtime > 1_600_000_000


def test_what_is_old_in_a_bucket_is_sent_again(tmp_path: Path) -> None:
    place = Cloud(f"file://{tmp_path}/there", shown="the bucket")
    one = send(place, tmp_path, b"one")
    path = ArtifactStore(tmp_path / "there").path(one.oid)
    for days, is_there in ((6, True), (8, False)):
        then = time.time() - days * 24 * 3600
        os.utime(path, (then, then))
        assert place.announce([one], upload=False) == {}
        assert place.announce([one], upload=True) == ({one.oid: None} if is_there else {})
    send(place, tmp_path, b"one")
    assert place.announce([one], upload=True) == {one.oid: None}
    assert path.read_bytes() == b"one"
