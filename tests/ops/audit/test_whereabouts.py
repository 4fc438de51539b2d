"""Whether the bytes of inputs can be had, for commits of real repositories."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gitexp.artifacts.folders import identity
from gitexp.formats import pointer
from gitexp.git.refs import commit_of
from gitexp.model.record import Input, Pin
from gitexp.model.values import Digest
from gitexp.ops.audit.whereabouts import Whereabouts
from gitexp.repo import Repository
from tests.gitrepo import Repo

BIG = b"x" * (1 << 20) + b"end"
AWAY = b"bytes that git lfs has elsewhere"


def oid(data: bytes) -> Digest:
    return Digest(hashlib.sha256(data).hexdigest())


@pytest.fixture
def opened(repo: Repo) -> Iterator[Repository]:
    files: dict[str, str | bytes] = {
        "set/a.csv": "a\n",
        "set/deep er/b.csv": "b\n",
        "big.bin": BIG,
        "lfs/large.bin": pointer.encode(oid(AWAY), len(AWAY)),
        "lfs/plain.txt": "plain\n",
    }
    repo.commit("data", files)
    with Repository.open(repo.path, repo.environ) as found:
        yield found


def of(opened: Repository) -> Whereabouts:
    commit = commit_of(opened.git, "HEAD")
    assert commit is not None
    return Whereabouts(opened, commit)


def file(path: str | None, data: bytes) -> Input:
    return Input("dataset", "data", path, oid(data), len(data))


def folder(path: str, files: dict[str, bytes]) -> Input:
    sizes = sum(map(len, files.values()))
    return Input("dataset", path, path, identity((oid(data), name) for name, data in files.items()), sizes)


def test_what_stands_in_the_code(opened: Repository) -> None:
    place = of(opened)
    assert place.kept(file("set/a.csv", b"a\n"))
    assert not place.kept(file("set/a.csv", b"z\n"))  # as long, and another one
    assert not place.kept(file("set/none.csv", b"a\n"))
    assert not place.kept(file(None, b"a\n"))
    assert place.kept(folder("set", {"a.csv": b"a\n", "deep er/b.csv": b"b\n"}))
    assert not place.kept(folder("set", {"a.csv": b"a\n", "deep er/b.csv": b"z\n"}))
    assert place.kept(file("big.bin", BIG))
    assert not place.kept(file("big.bin", BIG + b"more"))


def test_a_pointer_in_the_code_is_not_the_bytes(opened: Repository, tmp_path: Path) -> None:
    large = file("lfs/large.bin", AWAY)
    both = folder("lfs", {"large.bin": AWAY, "plain.txt": b"plain\n"})
    place = of(opened)
    assert not place.kept(large)
    assert not place.kept(both)
    assert oid(AWAY) in place.lacking
    (tmp_path / "large").write_bytes(AWAY)
    opened.store.add_file(tmp_path / "large")
    assert of(opened).kept(large)
    assert of(opened).kept(both)


def test_what_is_in_the_store_alone(opened: Repository, tmp_path: Path) -> None:
    outside = file(None, AWAY)
    assert not of(opened).kept(outside)
    (tmp_path / "large").write_bytes(AWAY)
    opened.store.add_file(tmp_path / "large")
    assert of(opened).kept(outside)
    assert of(opened).kept(Input("model", "m", value={"weights": f"sha256:{oid(AWAY)}"}))
    assert of(opened).kept(Input("model", "m", value=f"m@sha256:{oid(AWAY)}"))


def test_values(opened: Repository, repo: Repo) -> None:
    place = of(opened)
    assert place.kept(Input("settings", "s", value={"temperature": 0.1}))
    assert place.kept(Input("prompt", "p", value="Answer briefly."))
    assert not place.kept(Input("prompt", "p", value={"digest": f"sha256:{oid(b'gone')}", "template": "t"}))
    blob = repo.git("rev-parse", "HEAD:set/a.csv")
    assert place.kept(Input("prompt", "p", value={"template": "a", "blob": blob}))
    tree = repo.git("rev-parse", "HEAD^{tree}")
    assert not place.kept(Input("prompt", "p", value={"blob": tree}))
    assert not place.kept(
        Input("model", "gpt", value={"name": "gpt", "revision": "2024-08-06"}, pin=Pin.REVISION)
    )
    assert not place.kept(Input("model", "gpt"))


def test_a_folder_of_many_files_goes_by_its_size(repo: Repo) -> None:
    many = {f"many/{number}": b"x" for number in range(1001)}
    repo.commit("many", {**many, "few/a": b"x"})
    with Repository.open(repo.path, repo.environ) as opened:
        place = of(opened)
        other = replace(folder("many", {"else": b"x"}), size=1001)
        assert place.kept(other)
        assert not place.kept(replace(other, size=1002))
        assert not place.kept(replace(other, path="few", size=1))


def test_a_partial_clone_fetches_nothing_to_tell(make_repo: Callable[..., Repo]) -> None:
    partial = make_repo("partial")
    missing = partial.git("rev-list", "--objects", "--all", "--missing=print").count("?")
    path = partial.git("ls-tree", "-r", "--name-only", "HEAD").splitlines()[0]
    with Repository.open(partial.path, partial.environ) as opened:
        place = of(opened)
        assert place.kept(file(path, b"whatever it is"))
        assert not place.kept(file("none.csv", b"a"))
    assert missing
    assert partial.git("rev-list", "--objects", "--all", "--missing=print").count("?") == missing
