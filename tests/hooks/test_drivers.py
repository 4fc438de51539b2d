"""Drivers made known to git in one clone, and forgotten again."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitexp.ops.hooks.drivers import Driver, register, registered, withdraw
from gitexp.repo import Repository
from tests.gitrepo import Repo


def driver(command: str) -> Driver:
    settings = {"name": "of a test", "driver": command}
    return Driver("merge.exp", settings, ("*.yaml merge=exp", "/.exp/** merge=exp"))


TAKE_THEIRS = (lambda repo: driver("cp %B %A"),)
FAIL = (lambda repo: driver("false"),)


def attributes(repo: Repo) -> Path:
    return repo.path / ".git" / "info" / "attributes"


@pytest.mark.parametrize("before", [None, b"", b"*.bin binary\n", b"*.yaml merge=binary"])
def test_what_was_there_comes_back(repo: Repo, before: bytes | None) -> None:
    if before is not None:
        attributes(repo).parent.mkdir(exist_ok=True)
        attributes(repo).write_bytes(before)
    config = (repo.path / ".git" / "config").read_bytes()
    with Repository.open(repo.path, repo.environ) as opened:
        assert not registered(opened, TAKE_THEIRS)
        register(opened, TAKE_THEIRS)
        first = attributes(repo).read_bytes()
        assert first.endswith(before or b"")
        register(opened, TAKE_THEIRS)
        assert attributes(repo).read_bytes() == first
    with Repository.open(repo.path, repo.environ) as opened:
        assert registered(opened, TAKE_THEIRS)
        assert not registered(opened, FAIL)
        withdraw(opened, TAKE_THEIRS)
        withdraw(opened, TAKE_THEIRS)
    assert (attributes(repo).read_bytes() if attributes(repo).exists() else b"") == (before or b"")
    assert (repo.path / ".git" / "config").read_bytes() == config


def test_git_calls_it_and_the_users_word_counts(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("side", {"params.yaml": "lr: 0.3\n"})
    repo.git("checkout", "-q", "main")
    repo.commit("main", {"params.yaml": "lr: 0.2\n"})
    with Repository.open(repo.path, repo.environ) as opened:
        register(opened, TAKE_THEIRS)
    repo.git("merge", "-q", "-m", "merged", "side")
    assert (repo.path / "params.yaml").read_text() == "lr: 0.3\n"
    repo.git("reset", "-q", "--hard", "HEAD^")
    with attributes(repo).open("a") as file:
        file.write("params.yaml -merge\n")
    with pytest.raises(AssertionError):
        repo.git("merge", "-q", "-m", "merged", "side")


def test_a_newer_one_takes_the_place_of_an_older(repo: Repo) -> None:
    with Repository.open(repo.path, repo.environ) as opened:
        register(opened, FAIL)
        text = attributes(repo).read_text()
        attributes(repo).write_text(text.replace("*.yaml", "*.old") + "*.bin binary\n")
        register(opened, TAKE_THEIRS)
    assert attributes(repo).read_text() == text + "*.bin binary\n"
    assert repo.git("config", "merge.exp.driver") == "cp %B %A"


def test_a_driver_of_the_users_with_such_a_name_stays(repo: Repo) -> None:
    repo.git("config", "merge.exp.driver", "mine %A")
    repo.git("config", "merge.exp.recursive", "text")
    with Repository.open(repo.path, repo.environ) as opened:
        withdraw(opened, TAKE_THEIRS)
    assert repo.git("config", "merge.exp.driver") == "mine %A"
    # Of one that was ours, what the user has added.
    with Repository.open(repo.path, repo.environ) as opened:
        register(opened, TAKE_THEIRS)
        withdraw(opened, TAKE_THEIRS)
    assert repo.git("config", "--get-regexp", "^merge[.]exp[.]") == "merge.exp.recursive text"
