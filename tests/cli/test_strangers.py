"""Refs that no gitexp made, among ours: they stop no command, and no command touches them."""

from __future__ import annotations

import pytest

from tests.cli.sharing import World
from tests.gitrepo import Repo

STRANGERS = (
    *("refs/exp/STRANGER", "refs/exp/x\u2028y", "refs/exp/a/b", "refs/exp/\udcff"),
    *("refs/exp-trash/STRANGER", "refs/exp-trash/x\u2028y", "refs/exp-dropped/STRANGER"),
    *("refs/exp-archive/x\u2028y", "refs/exp-archive/STRANGER/2026-01", "refs/heads/x\u2028y"),
)
THERE = tuple(ref for ref in STRANGERS if not ref.startswith("refs/exp-archive/"))


def _strangers(repo: Repo) -> dict[str, str]:
    return {ref: oid for ref, oid in repo.refs().items() if ref in STRANGERS}


def _add(repo: Repo, refs: tuple[str, ...] = STRANGERS) -> dict[str, str]:
    commit = repo.git("commit-tree", "HEAD^{tree}", "-m", "stranger")
    for ref in refs:
        repo.git("update-ref", ref, commit)
    return dict.fromkeys(refs, commit)


@pytest.mark.parametrize(
    "commands",
    [
        [("rm", "one"), ("gc", "-n"), ("gc",)],
        [("archive", "one"), ("archive", "--restore", "one"), ("undo",), ("undo", "--redo"), ("gc",)],
        [("rm", "one"), ("undo",), ("rm", "one"), ("restore", "one"), ("undo", "--list")],
        [("rm", "one"), ("restore", "--list"), ("restore", "@")],
        [("tag", "one", "+x"), ("show", "one"), ("ls",), ("recover",), ("run", "--", "true")],
    ],
)
def test_they_stop_nothing(world: World, commands: list[tuple[str, ...]]) -> None:
    ada = world.person("ada")
    name = ada.record("one")
    there = _add(ada.repo)
    for command in commands:
        said = ada(*(name if word == "one" else word for word in command))
        assert said.code == 0, (command, said.err)
        assert _strangers(ada.repo) == there
    world.fsck(ada)


def test_nor_where_runs_are_shared(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    name = ada.record("one")
    there = _add(ada.repo, THERE), _add(world.remote, THERE)
    for command in (("push",), ("rm", "--remote", "origin", name), ("archive", name), ("push",)):
        said = ada(*command)
        assert said.code == 0, (command, said.err)
        assert (_strangers(ada.repo), _strangers(world.remote)) == there
    said = bob("fetch")
    assert said.code == 3, "each is told of"
    assert "invalid  STRANGER: " in said.err
    for command in (("gc",), ("gc", "--remote")):
        said = bob(*command)
        assert said.code == 0, (command, said.err)
    assert not any(ref.startswith("refs/exp") for ref in _strangers(bob.repo))
    world.fsck(ada, bob)


def test_nor_where_a_remote_has_them_among_its_archives(world: World) -> None:
    ada = world.person("ada")
    ada("archive", ada.record("one"))
    _add(world.remote, ("refs/exp-archive/STRANGER/2026-01", "refs/exp-archive/x\u2028y"))
    assert ada("push").code == 0
    bob = world.person("bob")
    said = bob("fetch")
    assert said.code == 3, "each is told of"
    assert bob("ls", "--name-only").out == ada("ls", "--name-only").out
