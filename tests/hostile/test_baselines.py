"""Baselines of a hostile remote: none is let in by our fetch, and what plain git brings does no harm."""

from __future__ import annotations

import pytest

from tests.cli.sharing import Person, World, refs
from tests.hostile.corpus import REFUSED, SHOWN, Forger, named
from tests.hostile.unharmed import assert_plain, make_room, outside

BASELINES = "refs/exp-baseline/"
KINDS = (
    *("record-link", "path-up", "oid-odd", "a-tag", "record-a-file", "params-alias", "no-run", "a-blob"),
    *("series-wide", "status-odd", "name-other", "format-newer"),
)
LOOKS = (("baseline",), ("baseline", "list", "--json"), ("ls",), ("ls", "--json"), ("rm", "-n", "@"))


def plant(forger: Forger, kinds: tuple[str, ...]) -> None:
    """Baselines on the remote that lead to what no run is, and one that is sound."""
    for kind in kinds:
        {**REFUSED, **SHOWN}[kind](forger, named(kind))
        forger.remote.git("update-ref", f"{BASELINES}{kind}", f"refs/exp/{named(kind)}")
    forger.remote.git("update-ref", f"{BASELINES}good", f"refs/exp/{forger.good}")
    forger.remote.git("update-ref", f"{BASELINES}Odd$name", f"refs/exp/{forger.good}")


def test_only_the_sound_one_is_let_in(world: World, forger: Forger, bob: Person) -> None:
    kinds = tuple(kind for kind in KINDS if kind != "name-other")  # a baseline has the name of no run
    plant(forger, kinds)
    said = bob("baseline", "fetch", "--json")
    assert_plain(said, "baseline fetch")
    assert said.code == 3
    states = {one["name"]: one["state"] for one in said.json["baselines"]}
    assert states == {**dict.fromkeys(kinds, "refused"), "good": "new"}
    assert refs(bob.repo, BASELINES).keys() == {"good"}
    assert not bob.repo.refs("refs/exp-incoming/")
    bob.repo.fsck()


@pytest.mark.parametrize("kind", ["markup", "everything", "message"])
def test_what_may_be_odd_is_shown_escaped(world: World, forger: Forger, bob: Person, kind: str) -> None:
    plant(forger, (kind,))
    assert bob("fetch").code == 0
    assert bob("baseline", "fetch").code == 0
    make_room(bob)
    before = outside(world, bob)
    reports = [("report", forger.good, "--base", kind, form) for form in ("--md", "--html", "--json")]
    for command in (*LOOKS, ("baseline", "show", kind), ("report", forger.good, "--base", kind), *reports):
        assert_plain(bob(*command), command)
    assert outside(world, bob) == before


def test_what_plain_git_brings_does_no_harm(world: World, forger: Forger, bob: Person) -> None:
    plant(forger, KINDS)
    bob.repo.git("fetch", "-q", "origin", "refs/exp/*:refs/exp/*", f"{BASELINES}*:{BASELINES}*")
    make_room(bob)
    before = outside(world, bob)
    for command in LOOKS:
        assert_plain(bob(*command), command)
    assert forger.good in bob("baseline").out
    for kind in KINDS:
        for command in (("show", f"baseline:{kind}"), ("report", forger.good, "--base", kind)):
            assert_plain(bob(*command), command)
    assert outside(world, bob) == before
