"""Baselines: they stay where people put them, whatever becomes of their runs."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.cli.program import Program, Said
from tests.cli.sharing import Person, World, refs

BASELINES = "refs/exp-baseline/"
GOOD = "import gitexp; gitexp.start().log({'acc': 0.9})"


def _told(said: Said) -> tuple[int, str]:
    return said.code, said.err


def test_a_baseline_is_a_run_wherever_one_is_asked_for(exp: Program) -> None:
    first, second = exp.record("first"), exp.record("second")
    said = exp("baseline", "set", "main", "first")
    commit = exp.repo.git("rev-parse", f"refs/exp/{first}")
    assert _told(said) == (0, f"baseline main: unset -> {first} ({commit[:10]})\nhint: git exp undo\n")
    assert refs(exp.repo, BASELINES) == {"main": commit}
    assert exp("diff", "baseline:main", "second", "--json").json["old"]["name"] == first
    assert exp("tag", "baseline:main", "+kept").code == 0
    # The label is the run's; the baseline is what it was when it was set.
    assert exp("baseline", "list", "--json").json["baselines"] == [
        {
            "name": "main",
            "commit": commit,
            "run": first,
            "status": "finished",
            "metrics": {},
            "here": True,
            "edited": True,
            "error": None,
            "nonfinite": {},
        }
    ]
    assert "edited since" in exp("baseline").out
    assert {one["name"]: one["baselines"] for one in exp("ls", "--json").json["runs"]} == {
        first: ["main"],
        second: [],
    }
    assert "BASELINE" in exp("ls").out
    exp("baseline", "set", "other", "first")
    template = ("--format", "%(name) %(baseline)")
    assert exp("ls", "baseline:main", *template).out == f"{first} main,other\n"
    assert exp("ls", "not has:baseline", *template).out == f"{second} \n"
    assert "main,other" in exp("ls", "--columns", "baseline").out
    exp("baseline", "unset", "other")
    assert ["Baseline", "main"] in [line.split() for line in exp("show", first).out.splitlines()]
    exp.repo.fsck()


def test_a_baseline_moves_back_and_tells_where_it_has_been(exp: Program) -> None:
    first, second = exp.record("first"), exp.record("second")
    exp("baseline", "set", "main", "first")
    exp("baseline", "set", "main", "second")
    moves = exp("baseline", "show", "main", "--json").json["moves"]
    assert [one["why"] for one in moves] == [f"baseline set main {second}", f"baseline set main {first}"]
    assert {one["who"] for one in moves} == {"Ada Tester"}
    assert exp("undo").err == f"undone: baseline set main {second} (now)\n"
    assert exp("baseline", "list", "--json").json["baselines"][0]["run"] == first
    assert exp("undo", "--redo").code == 0
    assert exp("baseline", "show", "main", "--json").json["run"]["name"] == second
    assert exp("baseline", "unset", "main").code == 0
    assert exp("undo").code == 0
    assert exp("baseline", "show", "main", "--json").json["run"]["name"] == second
    assert exp("baseline", "set", "main", "second").err == (
        f"baseline main is {second} ({refs(exp.repo)[second][:10]}) already\n"
    )


def test_the_run_of_a_baseline_is_not_removed_and_stays_when_it_is_archived(exp: Program) -> None:
    first = exp.record("first")
    exp("baseline", "set", "main", "first")
    said = exp("rm", "first")
    assert said.code == 2
    assert said.err == f"error: run '{first}' is the baseline 'main'\nhint: git exp baseline unset main\n"
    assert refs(exp.repo).keys() == {first}
    assert exp("archive", "first").code == 0
    assert refs(exp.repo) == {}
    assert exp("show", "baseline:main", "--json").json["name"] == first
    assert exp("ls", "--json").json["runs"][0]["baselines"] == ["main"]
    exp("baseline", "unset", "main")
    assert exp("rm", "first").code == 0
    exp.repo.fsck()


def test_a_baseline_outlives_what_gc_frees(exp: Program) -> None:
    first = exp.record("first")
    exp("baseline", "set", "main", "first")
    exp.repo.git("update-ref", "-d", f"refs/exp/{first}")  # as a colleague's plain git may
    exp("gc")
    exp.repo.git("-c", "gc.reflogExpire=now", "gc", "-q", "--prune=now")
    assert exp("show", "baseline:main", "--json").json["name"] == first
    assert "the run itself is not here" in exp("baseline").out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("set", "Main", "@"), 2, "error: invalid name of a baseline 'Main'"),
        (("set", "a/b", "@"), 2, "error: invalid name of a baseline 'a/b'"),
        (("set", "main", "none"), 1, "error: no run matches 'none'"),
        (("show", "none"), 1, "error: no baseline 'none'\nhint: there is: other"),
        (("unset", "none"), 1, "error: no baseline 'none'"),
        (("set", "main"), 2, "error: missing argument 'RUN'\nhint: git exp baseline set -h"),
        (("move",), 2, "error: 'move' is not a git exp baseline command"),
    ],
)
def test_what_is_wrong_is_said(exp: Program, arguments: tuple[str, ...], code: int, told: str) -> None:
    exp.record("first")
    exp("baseline", "set", "other", "@")
    before = exp.repo.refs()
    said = exp("baseline", *arguments)
    assert said.code == code
    assert said.err.startswith(told)
    assert exp.repo.refs() == before


def test_a_commit_that_only_carries_the_record_is_no_baseline(exp: Program) -> None:
    first = exp.record("first")
    exp.repo.git("merge", "-q", "--no-edit", f"refs/exp/{first}")
    exp.repo.commit("on", {"train.py": "print(2)\n"})
    said = exp("baseline", "set", "main", "HEAD")
    assert said.code == 2
    assert said.err.endswith(f"hint: git exp baseline set main {first}\n")
    assert exp("baseline", "set", "main", refs(exp.repo)[first][:12]).code == 0


def test_a_baseline_that_is_no_run_hides_nothing(exp: Program) -> None:
    first = exp.record("first")
    exp("baseline", "set", "main", "@")
    blob = exp.repo.git("hash-object", "-w", "--stdin", input="x")
    exp.repo.git("update-ref", f"{BASELINES}blob", blob)
    exp.repo.git("update-ref", f"{BASELINES}code", "HEAD")
    exp.repo.git("symbolic-ref", f"{BASELINES}link", f"refs/exp/{first}")
    said = exp("baseline", "list", "--json")
    found = {one["name"]: one["run"] for one in said.json["baselines"]}
    assert found == {"blob": None, "code": None, "link": first, "main": first}
    assert said.code == 0
    assert exp("show", "baseline:blob").code == 1
    assert exp("ls").code == 0


@pytest.mark.parametrize("kind", [("worktree",), ("submodule",), ("shallow",), ("plain", "sha256")])
def test_in_every_kind_of_repository(exp_in: Callable[..., Program], kind: tuple[str, ...]) -> None:
    exp = exp_in(*kind)
    name = exp.record("first")
    head = exp.repo.git("rev-parse", "HEAD"), exp.repo.git("status", "--porcelain")
    os.chdir(exp.repo.path / "src")
    assert exp("baseline", "set", "main", "@").code == 0
    assert exp("show", "baseline:main", "--json").json["name"] == name
    assert exp("undo").code == 0
    assert refs(exp.repo, BASELINES) == {}
    assert (exp.repo.git("rev-parse", "HEAD"), exp.repo.git("status", "--porcelain")) == head
    exp.repo.fsck()


def _shared(world: World) -> tuple[Person, Person, str]:
    ada, ben = world.person("ada"), world.person("ben")
    first = ada.record("first")
    ada("baseline", "set", "main", "first")
    return ada, ben, first


def test_a_baseline_goes_with_its_run_and_comes_with_it(world: World) -> None:
    ada, ben, first = _shared(world)
    assert ada("baseline", "push").err.endswith("new  main\norigin: 1 new\n")
    assert refs(world.remote, BASELINES)["main"] == world.runs[first]
    assert ben("baseline", "fetch").err == "new  main\norigin: 1 new\n"
    assert ben("show", "baseline:main", "--json").json["name"] == first
    assert not ben.repo.refs("refs/exp-incoming/")
    assert ben("baseline", "push").err == "origin: 1 unchanged\n"
    world.fsck(ada, ben)


def test_who_has_moved_it_is_followed_and_both_is_a_conflict(world: World) -> None:
    ada, ben, _ = _shared(world)
    ada("baseline", "push")
    ben("baseline", "fetch")
    second = ben.record("second")
    ben("baseline", "set", "main", "second")
    assert ben("baseline", "fetch").err.startswith("unchanged  main: it was moved here")
    assert ben("baseline", "push").code == 0
    moved = refs(world.remote, BASELINES)["main"]
    assert moved == ben.runs[second]
    # Ada has not seen that: hers neither overwrites it nor is overwritten.
    third = ada.record("third")
    ada("baseline", "set", "main", "third")
    said = ada("baseline", "push")
    assert said.code == 3
    assert "conflict  main: it was moved there, too" in said.err
    assert refs(world.remote, BASELINES)["main"] == moved
    said = ada("baseline", "fetch")
    assert (said.code, refs(ada.repo, BASELINES)["main"]) == (3, ada.runs[third])
    assert ada("baseline", "fetch", "--force").code == 0
    assert refs(ada.repo, BASELINES)["main"] == moved
    assert ada("undo").code == 0
    assert refs(ada.repo, BASELINES)["main"] == ada.runs[third]
    assert ada("baseline", "push").code == 0
    assert ben("baseline", "fetch").err == "updated  main\norigin: 1 updated\n"
    world.fsck(ada, ben)


def test_what_was_taken_away_stays_so_until_it_is_named(world: World) -> None:
    ada, ben, _ = _shared(world)
    ada("baseline", "push")
    ben("baseline", "fetch")
    ben("baseline", "unset", "main")
    assert ben("baseline", "fetch").err.startswith("unchanged  main: it was taken away here")
    assert refs(ben.repo, BASELINES) == {}
    assert ben("baseline", "fetch", "main").code == 0
    assert refs(ben.repo, BASELINES).keys() == {"main"}
    world.remote.git("update-ref", "-d", f"{BASELINES}main")
    assert ada("baseline", "fetch").err.startswith("removed there  main: it stays here")
    assert ada("baseline", "push").err.startswith("removed there  main")
    assert ada("baseline", "push", "origin", "main").code == 0
    assert refs(world.remote, BASELINES).keys() == {"main"}


def test_what_is_no_run_is_not_let_in(world: World) -> None:
    ada, ben, _ = _shared(world)
    ada("baseline", "push")
    world.remote.git("update-ref", f"{BASELINES}code", "refs/heads/main")
    said = ben("baseline", "fetch")
    assert said.code == 3
    assert "refused  code: " in said.err
    assert refs(ben.repo, BASELINES).keys() == {"main"}


def test_a_remote_that_takes_only_branches_has_baselines_as_such(world: World) -> None:
    ada, ben, first = _shared(world)
    ada("push", "--layout", "branches")
    assert ada("baseline", "push").code == 0
    assert refs(world.remote, "refs/heads/exp-baseline/") == {"main": ada.runs[first]}
    assert ben("baseline", "fetch").code == 0
    assert ben("show", "baseline:main", "--json").json["name"] == first


def test_it_is_taken_away_on_a_remote_where_nobody_else_has_moved_it(world: World) -> None:
    ada, ben, _ = _shared(world)
    ada("baseline", "push")
    ben("baseline", "fetch")
    ben.record("second")
    ben("baseline", "set", "main", "second")
    ben("baseline", "push")
    moved = refs(world.remote, BASELINES)
    said = ada("baseline", "unset", "main", "--remote")
    assert (said.code, refs(world.remote, BASELINES)) == (3, moved)
    assert said.err.startswith("conflict  main: ")
    ben("baseline", "unset", "main")
    said = ben("baseline", "push")
    assert said.err.startswith(
        "unchanged  main: it was taken away here: git exp baseline unset --remote origin main"
    )
    assert (ben("baseline", "unset", "main", "--remote", "-n").code, refs(world.remote, BASELINES)) == (
        0,
        moved,
    )
    assert ben("baseline", "unset", "main", "--remote", "origin").err.startswith("removed there  main\n")
    assert refs(world.remote, BASELINES) == {}
    # Ada's stays, and does not come back by itself; a new one of Ben's is new.
    assert refs(ada.repo, BASELINES).keys() == {"main"}
    assert ada("baseline", "push").err.startswith("removed there  main")
    ben("baseline", "set", "main", "second")
    assert ben("baseline", "push").err.startswith("new  main")
    assert ada("baseline", "unset", "--remote", "main", "--force").code == 0
    said = ada("baseline", "unset", "main", "--remote")
    assert (said.code, said.err.split("\n")[0]) == (1, "error: no baseline 'main' on 'origin'")
    world.fsck(ada, ben)
