"""Clones that edit the same runs offline and share them in any order come to the same bytes, none lost."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.cli.program import forge
from tests.cli.sharing import Person, World

FIRST = ("old-a", "old-b", "old-c")
"""Tags that every run has at first: some are taken away, none is given again."""
_numbers = itertools.count()


@dataclass
class Written:
    """What was written to one run, by anybody."""

    added: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    titles: list[tuple[int, str]] = field(default_factory=list)
    """By whom, and what."""
    notes: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)

    def assert_in(self, shown: dict[str, object]) -> None:
        """Nothing of it was lost: of one label that several wrote, one text stands."""
        assert set(shown["tags"]) == (set(FIRST) - self.removed) | self.added  # type: ignore[call-overload]
        assert shown["title"] in ({title for _, title in self.titles} or {None})
        if len({who for who, _ in self.titles}) == 1:
            assert shown["title"] == self.titles[-1][1]
        assert shown["note"] in (self.notes or {None})
        assert shown["group"] in (self.groups or {None})


@dataclass
class Play:
    """Some people and the runs they all have."""

    people: Sequence[Person]
    names: Sequence[str]
    written: dict[str, Written]

    def act(self, who: int, what: str, run: int, number: int) -> None:
        person, name = self.people[who % len(self.people)], self.names[run % len(self.names)]
        if name not in person.runs:
            return
        getattr(self, f"_{what}")(person, name, number, self.written[name], who % len(self.people))

    def _tag(self, person: Person, name: str, number: int, written: Written, who: int) -> None:
        person("tag", name, f"+t{number}")
        written.added.add(f"t{number}")

    def _untag(self, person: Person, name: str, number: int, written: Written, who: int) -> None:
        tag = FIRST[number % 3]
        if tag in person("show", name, "--json").json["tags"]:
            assert person("tag", name, f"-{tag}").code == 0
            written.removed.add(tag)

    def _title(self, person: Person, name: str, number: int, written: Written, who: int) -> None:
        title = f"title {next(_numbers)}"
        person("title", name, title)
        written.titles.append((who, title))

    def _note(self, person: Person, name: str, number: int, written: Written, who: int) -> None:
        note = f"note {next(_numbers)}"
        person("note", name, "-m", note)
        written.notes.add(note)

    def _group(self, person: Person, name: str, number: int, written: Written, who: int) -> None:
        person("group", name, "-m", f"g{number}")
        written.groups.add(f"g{number}")

    def _star(self, person: Person, name: str, number: int, written: Written, who: int) -> None:
        person("star", name)

    def _remove(self, person: Person, name: str, number: int, written: Written, who: int) -> None:
        assert person("rm", name).code == 0
        assert person("restore", name).code == 0

    def _fetch(self, person: Person, name: str, number: int, written: Written, who: int) -> None:
        assert person("fetch").code == 0
        before = person.runs
        assert person("fetch").code == 0
        assert person.runs == before  # once more changes nothing

    def _push(self, person: Person, name: str, number: int, written: Written, who: int) -> None:
        # Where somebody else was faster it is a conflict, until it was fetched.
        assert person("push", "--all").code in (0, 3)

    def settle(self) -> None:
        """All fetch and push until nothing changes any more."""
        for _ in range(6):
            before = [person.runs for person in self.people]
            for person in self.people:
                assert person("fetch").code == 0
                said = person("push", "--all")
                assert said.code == 0, said.err
            if [person.runs for person in self.people] == before:
                return
        raise AssertionError("they never come to rest")


WHATS = ("tag", "untag", "title", "note", "group", "star", "remove", "fetch", "fetch", "push", "push")
acts = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(WHATS), st.integers(0, 2), st.integers(0, 5)),
    min_size=4,
    max_size=14,
)


def _play(world: World, count: int) -> Play:
    people = [world.person(name) for name in ("ada", "bob", "carol")[:count]]
    ada, bob = people[:2]
    names = [ada.record("one"), ada.record("long", _PUSHES_ITSELF)]
    ada("push", "origin", names[0])
    for person in people[1:]:
        person("fetch")
    for name in names:
        for person in people if name == names[0] else [bob]:
            if name == names[0] and person is not ada:
                continue
            person("tag", name, *(f"+{tag}" for tag in FIRST))
    # Ada has pushed the long run while it ran, and has its end; Bob has edited what he fetched.
    # Both have a run of one name, and they are not the same.
    twin = bob.record("twin")
    other = ada.record("other")
    text = ada.repo.git("show", f"refs/exp/{other}:.exp/run.yaml").replace(other, twin) + "\n"
    ada.repo.git("update-ref", f"refs/exp/{twin}", forge(ada.repo, other, twin, {"run.yaml": text}))
    written = {name: Written() for name in names}
    return Play(people, names, written)


_PUSHES_ITSELF = (
    "import subprocess, sys\n"
    "subprocess.run([sys.executable, '-m', 'gitexp', 'push', '--all'], check=True, capture_output=True)"
)


def _converges(make: Callable[[], World], count: int, script: Sequence[tuple[int, str, int, int]]) -> None:
    world = make()
    play = _play(world, count)
    for who, what, run, number in script:
        play.act(who, what, run, number)
    play.settle()
    runs = world.runs
    assert len(runs) == 5
    for person in play.people:
        # Of two runs of one name each has the one of its own under it.
        assert set(person.runs.values()) == set(runs.values())
        assert all(person.runs[name] == runs[name] for name in play.names)
        for name, written in play.written.items():
            written.assert_in(person("show", name, "--json").json)
    world.fsck(*play.people)


@pytest.fixture
def make(
    tmp_path: Path,
    environ: dict[str, str],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], World]:
    """Makes a new world each time."""
    monkeypatch.chdir(tmp_path)

    def build() -> World:
        os.chdir(tmp_path)
        return World(tmp_path / f"world-{next(_numbers)}", environ, capfd)

    return build


_MANY = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
    phases=(Phase.generate,),
)


@settings(_MANY, max_examples=2)
@given(acts)
def test_two_clones_converge(make: Callable[[], World], script: list[tuple[int, str, int, int]]) -> None:
    _converges(make, 2, script)


@pytest.mark.long
@settings(_MANY, max_examples=20)
@given(acts, st.sampled_from((2, 3)))
def test_clones_converge(
    make: Callable[[], World], script: list[tuple[int, str, int, int]], count: int
) -> None:
    _converges(make, count, script)
