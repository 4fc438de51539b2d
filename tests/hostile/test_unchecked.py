"""Plain `git fetch` checks nothing: every command of ours is safe with what it brings."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.cli.sharing import Person, World
from tests.hostile.corpus import REFUSED, SHOWN, Forger, Plant, named, names_that_no_run_has
from tests.hostile.unharmed import LISTS, assert_plain, commands, comparisons, make_room, outside

# Git itself does not bring these, whatever is checked.
BROUGHT = {kind: plant for kind, plant in REFUSED.items() if kind not in ("no-parent", "code-empty")}
SOME = (
    *("record-link", "artifact-link", "path-up", "oid-odd", "a-tag", "record-a-file", "no-author", "nul"),
    *("params-alias", "params-hex", "no-run", "a-blob", "series-wide", "status-odd"),
)
_FEW = 25


def _brought(world: World, forger: Forger, bob: Person, kinds: Mapping[str, Plant]) -> None:
    for kind, plant in kinds.items():
        plant(forger, named(kind))
    bob.repo.git("fetch", "-q", "origin", "refs/exp/*:refs/exp/*")
    make_room(bob)


def _assert_safe(world: World, bob: Person, good: str, kinds: Mapping[str, Plant]) -> None:
    before = outside(world, bob)
    for command in LISTS:
        said = bob(*command)
        assert_plain(said, command)
        assert command[0] != "ls" or good in said.out or "--group-by" in command
    for number, kind in enumerate(kinds):
        # Each of these looks at all runs: of very many kinds a few stand for the rest.
        among_all = comparisons(named(kind), good) if number % _FEW == 0 or len(kinds) < _FEW else ()
        for command in (*commands(named(kind), good), *among_all):
            assert_plain(bob(*command), command)
    assert outside(world, bob) == before


def test_lists_show_the_good_and_name_the_broken(world: World, forger: Forger, bob: Person) -> None:
    _brought(world, forger, bob, {kind: REFUSED[kind] for kind in SOME})
    said = bob("ls")
    assert_plain(said, "ls")
    assert forger.good in said.out
    for kind in ("params-alias", "no-run", "a-blob", "series-wide", "status-odd"):
        assert named(kind) in said.err
    assert bob("show", forger.good).code == 0
    assert bob("push", "-n").code in (0, 3)


def test_some_of_every_kind(world: World, forger: Forger, bob: Person) -> None:
    kinds = {kind: REFUSED[kind] for kind in (*SOME[:6], "params-hex")}
    _brought(world, forger, bob, kinds)
    _assert_safe(world, bob, forger.good, kinds)


def test_refs_that_no_run_has(world: World, forger: Forger, bob: Person) -> None:
    names_that_no_run_has(forger, junk=10_000)
    bob.repo.git("fetch", "-q", "origin", "refs/exp/*:refs/exp/*")
    for command in LISTS:
        said = bob(*command)
        assert_plain(said, command)
        assert len(said.err.splitlines()) < 50, command
    assert forger.good in bob("ls").out


@pytest.mark.long
def test_all(world: World, forger: Forger, bob: Person) -> None:
    kinds = {**BROUGHT, **SHOWN}
    _brought(world, forger, bob, kinds)
    _assert_safe(world, bob, forger.good, kinds)
