"""Inputs and artifacts put back at their places, each checked by its hash."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import gitexp
from gitexp.artifacts.store import digest_file
from gitexp.model.record import Input
from gitexp.ops.read import StoredRun
from gitexp.ops.repro.supplies import Place, look
from gitexp.ops.resolve import resolve
from gitexp.ops.restoring import restore_artifacts, restore_inputs
from gitexp.ops.supply import Restored, Source
from gitexp.repo import Repository
from tests.gitrepo import Repo

DATA = b"0123456789" * 500


@pytest.fixture
def here(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(repo.path)
    (repo.path / ".git/info").mkdir(exist_ok=True)
    (repo.path / ".git/info/exclude").write_text("/big\n/out\n")
    repo.git("config", "exp.maxBlob", "1k")
    repo.write("big/data.bin", DATA)
    repo.write("big/deep/ü 1.txt", "one").chmod(0o755)
    return repo


def recorded(*inputs: str, artifact: str | None = None) -> StoredRun:
    with gitexp.start("one") as run:
        for path in inputs:
            run.use("dataset", Path(path))
        if artifact:
            run.log_artifact(artifact)
    assert run.name
    return resolve(Repository.open(), run.name)


def told(results: list[Restored]) -> list[tuple[str, Source | None]]:
    return [(one.path, one.source) for one in results]


def restored(run: StoredRun, root: Path, *inputs: Input) -> list[Restored]:
    return restore_inputs(run.repo, inputs or run.whole.inputs, root)


def test_files_and_folders_of_the_working_tree_are_copied(here: Repo, tmp_path: Path) -> None:
    run = recorded("big", "big/data.bin", "train.py")
    root = tmp_path / "root"
    root.mkdir()
    (root / "train.py").write_bytes((here.path / "train.py").read_bytes())
    assert told(restored(run, root)) == [
        ("big", Source.WORKING_TREE),
        ("big/data.bin", Source.PRESENT),
        ("train.py", Source.PRESENT),
    ]
    assert (root / "big/data.bin").read_bytes() == DATA
    assert os.access(root / "big/deep/ü 1.txt", os.X_OK)
    # What is written there is not written to the user's own.
    (root / "big/data.bin").write_bytes(b"other")
    assert (here.path / "big/data.bin").read_bytes() == DATA
    assert {one.error for one in restored(run, tmp_path / "again")} == {None}


def test_what_is_nowhere_else_is_taken_from_the_run_that_made_it(here: Repo, tmp_path: Path) -> None:
    here.write("out/x.csv", "1,2\n")
    here.write("out/deep/ü 1.txt", "one")
    recorded(artifact="out")
    run = recorded("out", "out/x.csv")
    shutil.rmtree(here.path / "out")
    assert {one.place for one in look(run.repo, run.commit, run.whole.inputs)} == {Place.MADE}
    root = tmp_path / "root"
    assert told(restored(run, root)) == [("out", Source.RECORD), ("out/x.csv", Source.PRESENT)]
    assert (root / "out/deep/ü 1.txt").read_text() == "one"
    assert told(restored(run, tmp_path / "file", run.whole.inputs[1])) == [("out/x.csv", Source.RECORD)]


def test_a_folder_is_completed_where_a_part_of_it_is_code(here: Repo, tmp_path: Path) -> None:
    run = recorded("big")
    (tmp_path / "root/big/deep").mkdir(parents=True)
    (tmp_path / "root/big/deep/ü 1.txt").write_text("one")
    assert told(restored(run, tmp_path / "root")) == [("big", Source.WORKING_TREE)]
    (tmp_path / "root/big/more").write_text("more")
    (tmp_path / "root/big/data.bin").unlink()
    (failed,) = restored(run, tmp_path / "root")
    assert failed.error is not None
    assert (tmp_path / "root/big/more").read_text() == "more"


def test_a_part_of_a_folder_is_not_left_for_the_whole(here: Repo, tmp_path: Path) -> None:
    here.write("big/z/a:b", "no name for a file everywhere")
    (one,) = restored(recorded("big"), tmp_path / "root")
    assert "colon" in str(one.error)
    assert not (tmp_path / "root/big").exists()


def test_bytes_come_from_the_store_and_from_the_remote(here: Repo, tmp_path: Path) -> None:
    run = recorded("big/data.bin")
    run.repo.store.add_file(here.path / "big/data.bin")
    here.write("big/data.bin", "newer")
    assert told(restored(run, tmp_path / "a")) == [("big/data.bin", Source.STORE)]
    assert (tmp_path / "a/big/data.bin").read_bytes() == DATA
    stored = run.repo.store.path(digest_file(tmp_path / "a/big/data.bin").oid)
    (tmp_path / "shared").mkdir()
    here.git("config", "exp.artifacts", str(tmp_path / "shared"))
    there = tmp_path / "shared" / stored.relative_to(run.repo.store.root)
    there.parent.mkdir(parents=True)
    stored.rename(there)
    run = resolve(Repository.open(), run.name)
    assert told(restored(run, tmp_path / "b")) == [("big/data.bin", Source.REMOTE)]
    assert (tmp_path / "b/big/data.bin").read_bytes() == DATA


def test_what_is_gone_or_damaged_is_told_and_nothing_is_written(here: Repo, tmp_path: Path) -> None:
    run = recorded("big/data.bin", "big/deep")
    run.repo.store.add_file(here.path / "big/data.bin")
    stored = run.repo.store.path(digest_file(here.path / "big/data.bin").oid)
    stored.chmod(0o600)
    stored.write_bytes(b"X" + DATA[1:])
    here.write("big/data.bin", "newer")
    here.write("big/deep/ü 1.txt", "two")
    damaged, gone = restored(run, tmp_path / "root")
    assert "is damaged" in str(damaged.error)
    assert "not in this clone" in str(gone.error)
    assert [path for path in (tmp_path / "root").rglob("*") if path.is_file()] == []


def test_other_content_at_the_place_is_left_there(here: Repo, tmp_path: Path) -> None:
    run = recorded("big/data.bin")
    (tmp_path / "root/big").mkdir(parents=True)
    (tmp_path / "root/big/data.bin").write_text("mine")
    (one,) = restored(run, tmp_path / "root")
    assert (one.source, str(one.error)) == (None, "'big/data.bin' is there with other content")
    assert (tmp_path / "root/big/data.bin").read_text() == "mine"


@pytest.mark.parametrize("path", [".git/config", "link/x", "a/../../x", ".", "big/.GIT/x", "c:x"])
def test_no_path_leads_out_of_the_root(here: Repo, tmp_path: Path, path: str) -> None:
    """As somebody else may have recorded it."""
    run = recorded("big/data.bin")
    run.repo.store.add_file(here.path / "big/data.bin")
    root, outside = tmp_path / "root", tmp_path / "outside"
    outside.mkdir()
    root.mkdir()
    (root / ".git").write_text("gitdir: elsewhere\n")
    (root / "link").symlink_to(outside)
    (one,) = restored(run, root, replace(run.whole.inputs[0], path=path))
    assert one.source is None
    assert one.error is not None
    assert list(outside.iterdir()) == []
    assert not (tmp_path / "x").exists()
    assert sorted(path.name for path in root.iterdir()) == [".git", "link"]


def test_artifacts_are_put_back_where_the_run_made_them(here: Repo, tmp_path: Path) -> None:
    here.write("out/model.bin", DATA)
    here.write("out/small.txt", "small")
    run = recorded(artifact="out")
    root = tmp_path / "root"
    assert told(restore_artifacts(run, root)) == [
        ("out/model.bin", Source.STORE),
        ("out/small.txt", Source.RECORD),
    ]
    assert (root / "out/model.bin").read_bytes() == DATA
    (root / "out/small.txt").write_text("mine")
    assert told(restore_artifacts(run, root)) == [("out/model.bin", Source.PRESENT), ("out/small.txt", None)]
    assert (root / "out/small.txt").read_text() == "mine"
    run.repo.store.path(run.whole.artifacts[0].oid).unlink()
    (gone, small) = restore_artifacts(resolve(Repository.open(), run.name), tmp_path / "other")
    assert (gone.source, small.source) == (None, Source.RECORD)
