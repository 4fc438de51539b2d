"""A host is not pushed to more often than it likes: told by a clock that the test turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitexp.ops.share import outbox, sending
from tests.cli.sharing import Person, World


class Clock:
    """Stands still but for those who sleep."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(outbox, "time", clock)
    monkeypatch.setattr(sending, "time", clock)
    return clock


@pytest.fixture
def ada(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Person:
    """Whose remote is another machine, as far as git can tell."""
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    person = world.person("ada")
    person.repo.git("remote", "set-url", "origin", f"ssh://host{world.remote.path}")
    person.repo.git("config", "exp.pushBatch", "1")
    return person


def test_so_many_pushes_a_minute(world: World, ada: Person, clock: Clock) -> None:
    ada.repo.git("config", "exp.pushRate", "2")
    for number in range(5):
        ada.record(f"run-{number}")
    said = ada("push")
    assert said.code == 0, said.err
    assert world.runs == ada.runs
    assert clock.slept == [60, 60]
    assert said.err.count("note: waiting 60 s: at most 2 pushes a minute (exp.pushRate)\n") == 2


def test_the_next_command_waits_as_well(world: World, ada: Person, clock: Clock) -> None:
    ada.repo.git("config", "exp.pushRate", "1")
    ada.record("one")
    ada("push")
    clock.now += 45
    ada.record("two")
    ada("push")
    assert clock.slept == [15]
    clock.now += 60
    ada.record("three")
    ada("push")
    assert clock.slept == [15]
    assert world.runs == ada.runs


def test_six_where_nothing_is_said_and_any_number_where_it_is_0(
    world: World, ada: Person, clock: Clock
) -> None:
    for number in range(7):
        ada.record(f"run-{number}")
    ada("push")
    assert clock.slept == [60]
    ada.repo.git("config", "exp.pushRate", "0")
    ada("tag", "--where", "is:finished", "+a")
    ada("push")
    assert clock.slept == [60]
    assert world.runs == ada.runs


def test_a_batch_that_is_halved_keeps_to_it(world: World, ada: Person, clock: Clock) -> None:
    ada.repo.git("config", "exp.pushBatch", "500")
    ada.repo.git("config", "exp.pushRate", "1")
    world.hook("pre-receive", "#!/bin/sh\n[ $(wc -l) -le 1 ] || kill -9 $PPID\n")
    ada.record("one")
    ada.record("two")
    assert ada("push").code == 0
    assert world.runs == ada.runs
    assert clock.slept == [60, 60]


def test_a_removal_is_a_push(world: World, ada: Person, clock: Clock) -> None:
    ada.repo.git("config", "exp.pushRate", "1")
    name = ada.record("one")
    ada("push")
    assert ada("rm", "--remote", name).code == 0
    assert clock.slept == [60]


def test_where_nothing_is_new_nobody_waits(ada: Person, clock: Clock) -> None:
    ada.repo.git("config", "exp.pushRate", "1")
    ada.record("one")
    for _ in range(3):
        assert ada("push").code == 0
    assert clock.slept == []


def test_a_folder_of_this_machine_is_pushed_to_at_any_rate(world: World, ada: Person, clock: Clock) -> None:
    ada.repo.git("remote", "set-url", "origin", world.url)
    ada.repo.git("config", "exp.pushRate", "1")
    for number in range(3):
        ada.record(f"run-{number}")
    ada("push")
    assert clock.slept == []
    assert world.runs == ada.runs
