"""Archiving is suggested where many runs have refs of their own: on a terminal, once a day."""

from __future__ import annotations

import os

import pytest

from gitexp.cli import suggestion
from tests.cli.program import Program
from tests.cli.sharing import World
from tests.ops.recorded import multiply

SAID = (
    "note: 4 runs have refs of their own, which every push and fetch has to list\nhint: git exp archive -n\n"
)


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggestion, "MANY", 3)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggestion, "_is_watched", lambda: True)


def test_ls_says_so_once_a_day(exp: Program, terminal: None) -> None:
    name = exp.record("one")
    multiply(exp.repo, name, 2)
    assert "archive" not in exp("ls").err
    multiply(exp.repo, name, 3)
    assert exp("ls").err.endswith(SAID)
    assert "archive" not in exp("ls").err
    os.utime(exp.repo.path / ".git/exp/suggested", (0, 0))
    assert exp("ls", "--json").err.endswith(SAID)


def test_what_is_archived_does_not_count(exp: Program, terminal: None) -> None:
    multiply(exp.repo, exp.record("one"), 3)
    exp("archive", "one")
    assert "archive" not in exp("ls").err


def test_nothing_is_said_where_nobody_looks(exp: Program) -> None:
    multiply(exp.repo, exp.record("one"), 3)
    assert "archive" not in exp("ls").err
    assert not (exp.repo.path / ".git/exp/suggested").exists()


@pytest.mark.parametrize("command", ["push", "fetch"])
def test_push_and_fetch_say_so(world: World, terminal: None, command: str) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    multiply(ada.repo, ada.record("one"), 3)
    ada.repo.git("push", "-q", "origin", "refs/exp/*:refs/exp/*")
    person = {"push": ada, "fetch": bob}[command]
    assert SAID in person(command).err
    assert "archive" not in person(command).err
