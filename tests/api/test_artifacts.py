"""Artifacts of runs that go on elsewhere, and artifacts that get lost."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

import gitexp
from gitexp.api.run import GitExpWarning
from gitexp.ops.recover import sweep
from gitexp.repo import Repository
from tests.api.test_processes import python
from tests.gitrepo import Repo

BIG = b"\0" * 5000


@pytest.fixture
def here(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(repo.path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    repo.git("config", "exp.maxBlob", "1k")
    return repo


def pointer(data: bytes) -> str:
    oid = hashlib.sha256(data).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(data)}"


def lines(*paths: str) -> list[str]:
    return [f"/{path} filter=lfs diff=lfs merge=lfs -text" for path in paths]


def lose_store(repo: Repo) -> None:
    shutil.rmtree(repo.path / ".git/lfs/objects")


def test_large_artifact_that_is_lost_keeps_its_pointer(here: Repo) -> None:
    run = gitexp.start()
    run.log_artifact(BIG, "big.bin")
    lose_store(here)
    with pytest.warns(GitExpWarning, match="artifact 'big.bin' is gone from the store"):
        run.finish()
    assert here.git("show", f"exp/{run.name}:.exp/artifacts/big.bin") == pointer(BIG)


def test_large_artifact_that_is_lost_keeps_its_pointer_in_a_dead_run(here: Repo) -> None:
    code = "import gitexp, os, shutil\nrun = gitexp.start()\nrun.log_artifact(bytes(5000), 'big.bin')\n"
    python(code + "shutil.rmtree('.git/lfs/objects')\nos._exit(1)", check=False)
    sweep(Repository.open())
    assert here.git("show", f"exp/{gitexp.get_run('@').name}:.exp/artifacts/big.bin") == pointer(BIG)


def test_resumed_without_the_store_large_artifacts_stay_those_of_git_lfs(here: Repo) -> None:
    with gitexp.start() as run:
        run.log_artifact(BIG, "old.bin")
        run.log_artifact(BIG + b"1", "replaced.bin")
        run.log_artifact(b"small", "small.txt")
    lose_store(here)
    with gitexp.start(resume=run.name) as again:
        again.log_artifact(BIG + b"2", "new.bin")
        again.log_artifact(BIG + b"3", "replaced.bin")
    folder = f"exp/{run.name}:.exp/artifacts"
    assert here.git("show", f"{folder}/old.bin") == pointer(BIG)
    assert here.git("show", f"{folder}/replaced.bin") == pointer(BIG + b"3")
    assert here.git("show", f"{folder}/small.txt") == "small"
    attributes = here.git("show", f"{folder}/.gitattributes").splitlines()
    assert attributes == lines("new.bin", "old.bin", "replaced.bin")


def test_no_attributes_stay_where_no_artifact_is_large_any_more(here: Repo) -> None:
    with gitexp.start() as run:
        run.log_artifact(BIG, "model.bin")
    with gitexp.start(resume=run.name) as again:
        again.log_artifact(b"small", "model.bin")
    listed = here.git("ls-tree", "-r", "--name-only", f"exp/{run.name}:.exp/artifacts").split()
    assert listed == ["model.bin"]
