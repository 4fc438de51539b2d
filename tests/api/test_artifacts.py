"""Artifacts of runs that go on elsewhere, and artifacts that get lost."""

from __future__ import annotations

import hashlib
import shutil
import warnings

import pytest

import gitexp
from gitexp.api.warning import GitExpWarning
from gitexp.ops.read import list_all
from gitexp.ops.recover import sweep
from gitexp.repo import Repository
from tests.api.test_processes import python
from tests.gitrepo import Repo

BIG = b"\0" * 5000


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


def test_a_file_and_a_folder_of_one_name_do_not_cost_the_run(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.path)
    with gitexp.start() as run, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run.log_artifact(b"x", "model")
        run.log_artifact(b"y", "model/w.bin")
        run.log_artifact(b"z", "/".join(["d"] * 200))
        run.use("d", "v", name=5)  # type: ignore[arg-type]
        run.log_artifact(b"k", "kind.bin", kind=5)  # type: ignore[arg-type]
        run.log({"a": 1})
    stored = gitexp.get_run(run.name)
    assert {one.path for one in stored.artifacts} == {"model", "kind.bin"}
    assert (stored.status, stored.metrics, stored.inputs[0].name) == ("finished", {"a": 1}, "5")


def test_labels_of_other_types_become_text(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)
    with gitexp.start(title=5, group=6, tags=[1, 2]) as run:
        run.note(7)  # type: ignore[arg-type]
    info = gitexp.get_run(run.name).info
    assert (info.title, info.group, info.tags, info.note) == ("5", "6", ("1", "2"), "7")


def test_secrets_in_inputs_metadata_and_text_metrics_are_masked(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.path)
    secret = "abcdefsecret123"
    with gitexp.start() as run:
        run.use("api_key", secret)
        run.use("cfg", {"password": secret})
        run.log_artifact(b"x", "x.bin", metadata={"api_key": secret})
        run.log({"api_key": secret, "a": 1.0})
        run.summary["password"] = secret
    everything = repo.git_bytes("cat-file", "--batch-all-objects", "--batch", "--unordered")
    assert b"x.bin" in everything
    assert secret.encode() not in everything


def test_one_run_that_cannot_be_read_does_not_hide_the_others(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.path)
    for name in ("one", "two", "three"):
        with gitexp.start(name):
            pass
    huge = repo.git("hash-object", "-w", "--stdin", input=b"x: " + b"y" * (17 << 20))
    tree = repo.git("mktree", input=f"100644 blob {huge}\trun.yaml\n")
    root = repo.git("mktree", input=f"040000 tree {tree}\t.exp\n")
    repo.git("update-ref", "refs/exp/huge-aaaaaa", repo.git("commit-tree", root, "-m", "x"))
    listing = list_all(Repository.open())
    assert sorted(run.name.split("-")[0] for run in listing.runs) == ["one", "three", "two"]
    assert [name for name, _ in listing.broken] == ["huge-aaaaaa"]
