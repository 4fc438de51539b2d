"""What a hostile remote has is refused by name or shown escaped, and the good runs beside it arrive."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from tests.cli.program import Said, program_environ
from tests.cli.sharing import Person, World, refs
from tests.hostile.corpus import BOMBS, REFUSED, SHOWN, Forger, named, names_that_no_run_has
from tests.hostile.unharmed import (
    LISTS,
    assert_plain,
    assert_sound,
    commands,
    comparisons,
    make_room,
    outside,
)

MEMORY = 1 << 30


def _states(said: Said) -> dict[str, tuple[str, str]]:
    return {run["name"]: (run["state"], run["reason"]) for run in said.json["runs"]}


def test_what_is_no_run_is_left_out_with_a_reason(forger: Forger, bob: Person) -> None:
    for kind, plant in REFUSED.items():
        plant(forger, named(kind))
    said = bob("fetch", "--json")
    assert said.code == 3
    assert_plain(said, "fetch")
    states = _states(said)
    assert states.pop(forger.good)[0] == "new"
    assert {name for name, (state, _) in states.items() if state == "invalid"} == set(map(named, REFUSED))
    assert all(reason and "\n" not in reason for _, reason in states.values())
    assert_sound(bob, {forger.good})


def test_each_is_refused_for_its_own_fault(forger: Forger, bob: Person) -> None:
    # Git names an object, not the ref that leads to it: each is found by fetching it alone.
    faults = {
        "code-git": "hasDotgit",
        "record-case": "one on other file systems",
        "params-alias": "anchors",
        "no-author": "missingAuthor",
        "name-other": "is that of 'somebody-else-abcdef'",
        "format-newer": "newer than this gitexp reads",
        "path-up": "'..' is not allowed",
        "series-header": "not a header",
    }
    for kind in faults:
        REFUSED[kind](forger, named(kind))
    states = _states(bob("fetch", "--json"))
    for kind, fault in faults.items():
        assert fault in states[named(kind)][1]


def test_what_is_refused_stays_away_and_stops_nothing(world: World, forger: Forger, bob: Person) -> None:
    REFUSED["code-git"](forger, named("code-git"))
    bob("fetch")
    assert "1 unchanged, 1 invalid" in bob("fetch").err
    later = world.person("carol").record("later")
    world.remote.git("fetch", "-q", str(world.folder / "carol"), f"refs/exp/{later}:refs/exp/{later}")
    assert f"new  {later}" in bob("fetch").err
    assert_sound(bob, {forger.good, later})


USUAL = ("everything", "markup", "code-names", "message", "artifact-other", "pointer-odd")
"""Those of SHOWN that are looked at each time."""


@pytest.mark.parametrize(
    "kind", [kind if kind in USUAL else pytest.param(kind, marks=pytest.mark.long) for kind in SHOWN]
)
def test_what_may_be_odd_is_shown_escaped(world: World, forger: Forger, bob: Person, kind: str) -> None:
    run = named(kind)
    SHOWN[kind](forger, run)
    said = bob("fetch")
    assert_plain(said, "fetch")
    assert (said.code, set(bob.runs)) == (0, {forger.good, run})
    make_room(bob)
    before = outside(world, bob)
    for command in (*LISTS, *commands(run, forger.good), *comparisons(run, forger.good)):
        assert_plain(bob(*command), command)
        if "--json" in command and bob(*command).code == 0:
            assert bob(*command).json
    page = bob.repo.path / "out" / "plot.html"
    assert not page.exists() or "<script>alert(1)" not in page.read_text()
    assert outside(world, bob) == before
    assert run in bob("ls", "--name-only").out
    assert_sound(bob, {forger.good, run})


def test_an_odd_run_is_edited_removed_and_sent_like_any(world: World, forger: Forger, bob: Person) -> None:
    run = named("everything")
    SHOWN["everything"](forger, run)
    bob("fetch")
    for command in (("tag", run, "+a"), ("title", run, "x"), ("rm", run), ("undo",), ("push",)):
        said = bob(*command)
        assert_plain(said, command)
        assert said.code == 0, (command, said.err)
    assert world.runs == bob.runs
    world.fsck(bob)


def test_refs_that_no_run_has(world: World, forger: Forger, bob: Person) -> None:
    names_that_no_run_has(forger, junk=10_000)
    said = bob("fetch")
    assert_plain(said, "fetch")
    assert said.code == 3
    assert "invalid  UPPER-eeeeee" in said.err
    assert "1 new, 1" in said.err
    # 10,000 lines of one kind would hide the others.
    assert len(said.err.splitlines()) < 50
    assert set(bob.runs) == {forger.good}
    assert not refs(bob.repo, "refs/exp-incoming/")


def test_one_run_under_two_names_stops_no_other(world: World, forger: Forger, bob: Person) -> None:
    bob("fetch")
    later = world.person("carol").record("later")
    world.remote.git("fetch", "-q", str(world.folder / "carol"), f"refs/exp/{later}:refs/exp/{later}")
    slug = forger.good.rpartition("-")[0]
    own = forger.remote.git("show", f"refs/exp/{forger.good}:.exp/run.yaml").encode() + b"\n"
    for number, name in enumerate((f"{slug}-aaaaaa", f"{slug}-bbbbbb")):
        text = own + f"title: t{number}\n".encode()
        forger.run(name, {"run.yaml": text}, head=_on_top(forger))
    said = bob("fetch")
    assert said.code == 3
    assert "it came under two names" in said.err
    assert_sound(bob, {forger.good, later})
    bob("fetch")
    assert_sound(bob, {forger.good, later})


def _on_top(forger: Forger) -> bytes:
    """The header of a commit that edits the good run."""
    parent = forger.remote.git("rev-parse", f"refs/exp/{forger.good}")
    person = "Eve <eve@example.org> 1700000000 +0000"
    return f"parent {parent}\nauthor {person}\ncommitter {person}\n".encode()


def _bounded(person: Person, *arguments: str) -> Said:
    """A command in a process that may have a gigabyte, and so may its git."""

    def bound() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    done = subprocess.run(
        [sys.executable, "-m", "gitexp.cli.main", *arguments],
        cwd=person.repo.path,
        env=program_environ(person.repo.environ),
        capture_output=True,
        text=True,
        preexec_fn=bound,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.mark.long
@pytest.mark.parametrize("kind", BOMBS)
def test_bombs_fit_into_a_gigabyte(world: World, forger: Forger, bob: Person, kind: str) -> None:
    run = named(kind)
    BOMBS[kind](forger, run)
    said = _bounded(bob, "fetch", "--json")
    assert_plain(said, kind)
    assert said.code == 3
    assert _states(said)[run][0] == "invalid"
    assert_sound(bob, {forger.good})
    bob.repo.git("fetch", "-q", "origin", "refs/exp/*:refs/exp/*")
    for command in (("ls",), ("show", run), ("diff", forger.good, run), ("logs", run), ("get", run, "-n")):
        assert_plain(_bounded(bob, *command), (kind, command))
    assert forger.good in _bounded(bob, "ls", "--name-only").out


@pytest.mark.long
def test_many_that_are_large_together_fit_as_well(forger: Forger, bob: Person) -> None:
    for number in range(25):  # read, each takes some 75 MB
        text = f"a: {number}\n".encode() + b"".join(b"k%05d: %d\n" % (n, n) for n in range(400_000))
        forger.run(f"big-{number}-eeeeee", {"params.yaml": text[: 8 << 20].rpartition(b"\n")[0] + b"\n"})
    said = _bounded(bob, "fetch", "--json")
    assert_plain(said, "fetch")
    assert said.code == 0, said.err
