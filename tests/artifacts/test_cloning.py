"""Artifacts on a file system whose files can share their blocks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import gitexp
from gitexp.artifacts.placing import placed
from gitexp.artifacts.store import ArtifactStore
from tests.gitrepo import init
from tests.reliability.disks import make_xfs, mounted

SIZE = 48 << 20


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("xfs")
    make_xfs(root / "image")
    with mounted(root / "disk", "-o", "loop", str(root / "image")) as disk:
        yield disk


@pytest.fixture
def folder(disk: Path) -> Iterator[Path]:
    (disk / "test").mkdir()
    yield disk / "test"
    shutil.rmtree(disk / "test")


def used(disk: Path) -> int:
    """Bytes of the disk that are taken."""
    os.sync()
    found = os.statvfs(disk)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


def big(path: Path, seed: int = 0) -> Path:
    block = bytes((seed + number) % 256 for number in range(1 << 16))
    with path.open("wb") as file:
        for number in range(SIZE >> 16):
            file.write(number.to_bytes(8, "big") + block[8:])
    return path


def test_a_file_goes_in_and_out_without_a_second_copy(folder: Path) -> None:
    source, store = big(folder / "model.bin"), ArtifactStore(folder / "lfs/objects")
    before = used(folder)
    (folder / "copy").write_bytes(source.read_bytes())
    assert used(folder) - before > SIZE * 9 // 10  # what shares nothing is seen
    before = used(folder)
    stored = store.add_file(source)
    with placed(folder / "got", "model.bin") as file:
        store.copy_out(stored.oid, stored.size, file)
    assert used(folder) - before < SIZE // 10
    assert (folder / "got/model.bin").read_bytes() == source.read_bytes()
    assert (folder / "got/model.bin").stat().st_nlink == 1


def test_a_clone_is_hashed_so_a_later_write_is_not_in_it(folder: Path) -> None:
    source, store = big(folder / "model.bin"), ArtifactStore(folder / "lfs/objects")
    stored = store.add_file(source)
    with source.open("r+b") as file:
        file.write(b"changed")
    with (folder / "out").open("w+b") as file:
        store.copy_out(stored.oid, stored.size, file)
        file.seek(0)
        file.write(b"mine")
    store.opened(stored.oid, stored.size).close()


def test_a_damaged_object_is_refused_before_it_is_taken_for_good(folder: Path) -> None:
    store = ArtifactStore(folder / "lfs/objects")
    stored = store.add_file(big(folder / "model.bin"))
    path = store.path(stored.oid)
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(SIZE // 2)
        file.write(b"X")
    with (
        pytest.raises(gitexp.GitExpError, match="is damaged"),
        placed(folder / "got", "model.bin") as target,
    ):
        store.copy_out(stored.oid, stored.size, target)
    assert list((folder / "got").iterdir()) == []


def test_one_file_in_five_runs_costs_once(
    folder: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = init(folder / "repo", environ)
    repo.commit("first", {".gitignore": "*.bin\n"})
    monkeypatch.chdir(repo.path)
    big(repo.path / "model.bin")
    before = used(folder)
    for _ in range(5):
        with gitexp.start() as run:
            run.log_artifact("model.bin")
    assert used(folder) - before < SIZE // 10
    assert gitexp.get_run(run.name).get("model.bin", to="got") == [Path("got/model.bin")]
    assert used(folder) - before < SIZE // 10
    assert (repo.path / "got/model.bin").read_bytes() == (repo.path / "model.bin").read_bytes()
    repo.fsck()
