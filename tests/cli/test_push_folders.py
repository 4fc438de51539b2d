"""Artifacts pushed to folders of this machine: where git finds the repository, and for all who may use it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.sharing import Person, World
from tests.gitrepo import Repo, init

MODEL = ("open('model.bin', 'wb').write(b'm' * 1_500_000)", "--output", "model.bin")


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("ada")


def _bare(there: Repo) -> tuple[Path, Path]:
    there.git("clone", "-q", "--bare", ".", "../named.git")
    (there.path.parent / "named").mkdir()
    return there.path.parent / "named", there.path.parent / "named.git"


def _plain(there: Repo) -> tuple[Path, Path]:
    return there.path, there.path / ".git"


def _inside(there: Repo) -> tuple[Path, Path]:
    return there.path / ".git", there.path / ".git"


def _linked(there: Repo) -> tuple[Path, Path]:
    there.git("worktree", "add", "-q", "-b", "side", "../linked")
    return there.path.parent / "linked", there.path / ".git"


def _separate(there: Repo) -> tuple[Path, Path]:
    there.git("init", "-q", "--separate-git-dir", "../elsewhere")
    return there.path, there.path.parent / "elsewhere"


def _bare_with_a_linked_tree(there: Repo) -> tuple[Path, Path]:
    folder, home = _bare(there)
    there.git("-C", str(home), "worktree", "add", "-q", "-b", "side", str(there.path.parent / "linked"))
    return folder, home


@pytest.mark.parametrize("url", ["{}", "file://{}"])
@pytest.mark.parametrize("place", [_bare, _plain, _inside, _linked, _separate, _bare_with_a_linked_tree])
def test_where_git_finds_the_repository(
    world: World, ada: Person, place: Callable[[Repo], tuple[Path, Path]], url: str
) -> None:
    there = init(world.folder / "there", ada.repo.environ)
    there.commit("first", {"a": "b"})
    folder, home = place(there)
    ada.repo.git("remote", "add", "there", url.format(folder))
    ada.record("one", *MODEL)
    assert ada("push", "there").code == 0
    stores = {model.parents[4] for model in world.folder.glob("**/lfs/objects/*/*/*")}
    assert stores == {home, ada.repo.path / ".git"}
    said = ada("gc", "--remote", "there")
    assert ("that people work in" in said.err) == (place is not _bare), said.err


def test_a_relative_address(world: World, ada: Person) -> None:
    address = os.path.relpath(world.remote.path, ada.repo.path).removesuffix(".git")
    ada.repo.git("remote", "set-url", "origin", address)
    ada.record("one", *MODEL)
    assert ada("push").code == 0
    assert len(list(world.remote.path.glob("lfs/objects/*/*/*"))) == 1


def test_a_repository_of_a_group(world: World, ada: Person) -> None:
    world.remote.git("config", "core.sharedRepository", "group")
    ada.record("one", *MODEL)
    assert ada("push").code == 0
    (model,) = world.remote.path.glob("lfs/objects/*/*/*")
    for folder in (*model.parents[:4], world.remote.path / "lfs/tmp"):
        assert folder.stat().st_mode & 0o2070 == 0o2070, folder
