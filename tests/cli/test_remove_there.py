"""`git exp rm --remote`: what goes from the remote, what stays there and here, and what is told of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import forge
from tests.cli.sharing import Person, World, refs


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("ada")


def test_a_run_goes_from_the_remote_and_stays_here(world: World, ada: Person) -> None:
    one, two = ada.record("one"), ada.record("two")
    ada("push")
    said = ada("rm", "--remote", "origin", one)
    assert (said.code, said.out) == (0, "")
    assert said.err == (f"removed there  {one}\norigin: 1 removed there\nhint: git exp push origin {one}\n")
    assert set(world.runs) == {two}
    assert set(ada.runs) == {one, two}
    world.fsck(ada)


def test_a_push_does_not_bring_it_back_unless_it_is_named(world: World, ada: Person) -> None:
    one = ada.record("one")
    ada.repo.git("push", "-q", "origin", "refs/exp/*:refs/exp/*")
    ada("rm", "--remote", one)
    hint = "hint: git exp push origin --again\n"
    assert ada("push").err == f"removed there  {one}\norigin: 1 removed there\n{hint}"
    assert not world.runs
    assert ada("push", "origin", one).code == 0
    assert world.runs == ada.runs


def test_nobody_else_loses_it(world: World, ada: Person) -> None:
    name = ada.record("one")
    ada("push")
    bob = world.person("bob")
    bob("fetch")
    ada("rm", "--remote", "origin", name)
    assert bob("fetch").code == 0
    assert set(bob.runs) == {name}


def test_by_a_query_and_only_told(world: World, ada: Person) -> None:
    one, two, three = (ada.record(slug) for slug in ("one", "two", "three"))
    ada("push")
    ada("tag", one, "+old")
    ada("tag", two, "+old")
    before = world.runs
    said = ada("rm", "--remote", "--where", "tag:old", "-n")
    assert said.code == 0
    assert "origin would have: 2 removed there" in said.err
    assert world.runs == before
    assert ada("rm", "--remote", "--where", "tag:old").code == 0
    assert set(world.runs) == {three}


def test_one_that_was_edited_there_stays(world: World, ada: Person) -> None:
    one, two = ada.record("one"), ada.record("two")
    ada("push")
    bob = world.person("bob")
    bob("fetch")
    bob("tag", one, "+b")
    bob("push")
    before = world.runs
    said = ada("rm", "--remote", "origin", one, two)
    assert said.code == 3
    assert f"conflict  {one}: the remote has a version that is not known here" in said.err
    assert "hint: git exp fetch" in said.err
    assert world.runs == {one: before[one]}
    ada("fetch")
    assert ada("rm", "--remote", "origin", one).code == 0
    assert not world.runs


def test_an_earlier_version_goes(world: World, ada: Person) -> None:
    name = ada.record("one")
    ada("push")
    ada("tag", name, "+a")
    assert ada("rm", "--remote", name).code == 0
    assert not world.runs


def test_one_that_changes_while_it_is_removed_stays(world: World, ada: Person) -> None:
    name = ada.record("one")
    ada("push")
    hook = ada.repo.path / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ngit -C '{world.remote.path}' update-ref refs/exp/{name} main\n")
    hook.chmod(0o755)
    said = ada("rm", "--remote", name)
    assert said.code == 3
    assert set(world.runs) == {name}


def test_one_that_is_not_there(world: World, ada: Person) -> None:
    name = ada.record("one")
    said = ada("rm", "--remote", name)
    assert (said.code, said.err) == (0, "origin: 1 not there\n")


def test_one_that_was_removed_here_first(world: World, ada: Person) -> None:
    name = ada.record("one")
    ada("push")
    ada("rm", name)
    assert ada("rm", "--remote", "origin", "one").code == 0
    assert not world.runs
    assert ada("restore", name).code == 0


def test_one_that_this_clone_never_had(world: World, ada: Person) -> None:
    name = ada.record("one")
    ada("push")
    said = world.person("bob")("rm", "--remote", "origin", name)
    assert said.code == 1
    assert f"no run '{name}'" in said.err or f"no run matches '{name}'" in said.err
    assert "hint: git exp fetch origin" in said.err
    assert set(world.runs) == {name}


def test_one_whose_record_is_broken(world: World, ada: Person) -> None:
    forge(ada.repo, ada.record("one"), "bad-abcdef", {"run.yaml": "&"})
    ada.repo.git("push", "-q", "origin", "refs/exp/*:refs/exp/*")
    assert ada("rm", "--remote", "bad-abcdef").code == 0
    assert "bad-abcdef" not in world.runs


def test_a_host_that_lets_nothing_be_removed(world: World, ada: Person) -> None:
    one, two = ada.record("one"), ada.record("two")
    ada("push", "origin", one)
    ada("push", "--layout", "branches")
    world.remote.git("config", "receive.denyDeletes", "true")
    said = ada("rm", "--remote", one, two)
    assert said.code == 3
    assert f"refused  {two}: deletion prohibited" in said.err
    assert "1 removed there, 1 refused" in said.err
    assert set(refs(world.remote, "refs/heads/exp/")) == {two}


def test_runs_that_are_branches_there(world: World, ada: Person) -> None:
    one, two = ada.record("one"), ada.record("two")
    ada("push", "origin", one)
    ada("push", "origin", "--layout", "branches")
    ada.repo.git("push", "-q", "origin", f"{ada.runs[one]}:refs/heads/exp/{one}")
    assert ada("rm", "--remote", one, two).code == 0
    assert not world.runs
    assert not refs(world.remote, "refs/heads/exp/")
    assert ada("push").err.endswith("origin: 2 removed there\nhint: git exp push origin --again\n")


def test_as_json(world: World, ada: Person) -> None:
    one, two = ada.record("one"), ada.record("two")
    ada("push", "origin", one)
    document = ada("rm", "--remote", "origin", one, two, "--json").json
    assert document == {
        "format": 1,
        "remote": "origin",
        "runs": [
            {"name": one, "commit": ada.runs[one], "state": "removed there", "reason": None},
            {"name": two, "commit": ada.runs[two], "state": "not there", "reason": None},
        ],
    }


def test_the_trash_as_json(ada: Person) -> None:
    name = ada.record("one")
    commit = ada.runs[name]
    document = ada("rm", name, "--json").json
    runs = [{"name": name, "commit": commit, "state": "removed", "reason": None}]
    assert document == {"format": 1, "dry_run": False, "runs": runs}
    assert not ada.runs


def test_no_run_no_remote(world: World, ada: Person, tmp_path: Path) -> None:
    assert ada("rm", "--remote", "origin").code == 2
    assert ada("rm", "--remote", "--where", "is:failed").err == "note: no run matches\n"
    name = ada.record("one")
    ada.repo.git("remote", "set-url", "origin", str(tmp_path / "gone.git"))
    assert ada("rm", "--remote", name).code == 3
