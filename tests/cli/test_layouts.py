"""Runs as refs of their own and as branches: no change of the layout doubles, loses or sends again a run."""

from __future__ import annotations

import pytest

from tests.cli.sharing import Person, World, refs


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("ada")


def _branches(world: World) -> dict[str, str]:
    return refs(world.remote, "refs/heads/exp/")


def test_to_and_fro(world: World, ada: Person) -> None:
    one = ada.record("one")
    ada("push")
    two = ada.record("two")
    said = ada("push", "origin", "--layout", "branches")
    assert said.err == f"new  {two}\norigin: 1 new, 1 unchanged\n"
    assert (set(world.runs), set(_branches(world))) == ({one}, {two})
    assert ada("push", "origin", "--layout", "refs").err == "origin: 2 unchanged\n"
    assert (set(world.runs), set(_branches(world))) == ({one}, {two})
    world.fsck(ada)


def test_an_edit_goes_to_where_the_run_is(world: World, ada: Person) -> None:
    one = ada.record("one")
    ada("push", "origin", "--layout", "branches")
    ada("tag", one, "+good")
    assert "1 updated" in ada("push", "origin", "--layout", "refs").err
    assert _branches(world) == ada.runs
    assert not world.runs


def test_an_edit_of_both_sides_in_two_layouts_is_a_conflict(world: World, ada: Person) -> None:
    one = ada.record("one")
    ada("push", "origin", "--layout", "branches")
    bob = world.person("bob")
    bob("fetch")
    bob("tag", one, "+b")
    bob("push")
    ada("tag", one, "+a")
    said = ada("push", "origin", "--layout", "refs")
    assert said.code == 3
    assert f"conflict  {one}" in said.err
    assert ada("fetch").code == 0
    assert ada("push").code == 0
    assert _branches(world) == ada.runs
    assert not world.runs


def test_a_clone_finds_out_how_a_remote_keeps_runs(world: World, ada: Person) -> None:
    ada.record("one")
    ada("push", "origin", "--layout", "branches")
    bob = world.person("bob")
    said = bob("fetch")
    assert said.code == 0
    assert "remote 'origin' keeps runs as branches exp/NAME; this is remembered" in said.err
    assert bob.runs == ada.runs
    assert bob.repo.git("config", "remote.origin.expLayout") == "branches"
    bob.record("two")
    bob("push")
    assert _branches(world) == bob.runs
    assert "is remembered" not in bob("fetch").err
    world.fsck(ada, bob)


def test_what_was_set_stands(world: World, ada: Person) -> None:
    ada.record("one")
    ada("push", "origin", "--layout", "branches")
    bob = world.person("bob")
    bob.repo.git("config", "remote.origin.expLayout", "refs")
    assert "1 new" in bob("fetch").err
    assert bob.repo.git("config", "remote.origin.expLayout") == "refs"
    assert bob.runs == ada.runs


def test_runs_as_refs_leave_the_layout_open(world: World, ada: Person) -> None:
    ada.record("one")
    ada("push")
    bob = world.person("bob")
    bob("fetch")
    assert "expLayout" not in bob.repo.git("config", "--list")


@pytest.mark.parametrize("layout", ["refs", "branches"])
def test_branches_that_are_no_runs_are_left_alone(world: World, ada: Person, layout: str) -> None:
    name = ada.record("one")
    ada("push", "origin", "--layout", layout)
    commit = ada.repo.git("commit-tree", "-p", f"exp/{name}", "-m", "my work", f"exp/{name}^{{tree}}")
    for branch, value in (("idea", "main"), ("new-models", "main"), ("more-abcdef", commit)):
        ada.repo.git("push", "-q", "origin", f"{value}:refs/heads/exp/{branch}")
    before = refs(world.remote, "refs/")
    bob = world.person("bob")
    said = bob("fetch")
    assert (said.code, said.err.splitlines()[-1]) == (0, "origin: 1 new")
    assert "invalid" not in said.err
    assert bob.runs == ada.runs
    assert bob("push").err == "origin: 1 unchanged\n"
    assert refs(world.remote, "refs/") == before
    world.fsck(ada, bob)


def test_branches_of_ones_own_tell_nothing_of_the_layout(world: World, ada: Person) -> None:
    ada.repo.git("push", "-q", "origin", "main:refs/heads/exp/new-models")
    assert ada("fetch").err == "origin: no run\n"
    assert "expLayout" not in ada.repo.git("config", "--list")


def test_a_branch_at_a_runs_commit_is_not_the_run(world: World, ada: Person) -> None:
    name = ada.record("one")
    ada.repo.git("push", "-q", "origin", f"exp/{name}:refs/heads/exp/idea")
    assert "1 new" in ada("push").err
    assert world.runs == ada.runs
