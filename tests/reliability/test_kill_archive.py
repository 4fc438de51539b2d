"""Archives killed, and changed by several at once: no run is ever lost, and one rerun ends complete."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence

import pytest

import gitexp
from tests.gitrepo import Repo
from tests.ops.recorded import multiply, record
from tests.reliability.checks import ROOT, locks, next_command
from tests.reliability.test_kill_changes import killed


@pytest.fixture(autouse=True)
def _here(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)


def listed(repo: Repo) -> dict[str, str]:
    """Name -> commit of every run; each once."""
    runs = gitexp.runs(repository=repo.path)
    found = {run.name: run.commit for run in runs}
    assert len(found) == len(runs)
    return found


def started(repo: Repo, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "gitexp.cli.main", *arguments],
        cwd=repo.path,
        env={**repo.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def ended(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        _, said = process.communicate()
        assert process.returncode == 0, said.decode()


def kill_often(repo: Repo, kills: int, seed: str) -> None:
    chance = random.Random(seed)
    names = [record("first"), *multiply(repo, record("like"), 30)]
    steps = (
        ["archive", "--keep", "0"],
        ["archive", "--keep", "15"],
        ["archive", "--where", "name ~ 'aaa[a-k]$'"],
        ["archive", "--restore", "--all"],
        ["rm", "many-aaaaab"],
    )
    before = listed(repo)
    for _ in range(kills):
        # A command takes about 0.3 s before it begins to change anything.
        killed(repo, chance.choice(steps), chance.uniform(0.1, 0.7))
        repo.git("fsck", "--strict", "--no-progress")
        next_command(repo)
        assert locks(repo) == []
        now = listed(repo)
        assert before.keys() - {"many-aaaaab"} <= now.keys()
        assert now.items() <= before.items()
        if "many-aaaaab" not in now:
            assert repo.refs("refs/exp-trash/")
            killed(repo, ["restore", "many-aaaaab"], None)
    assert listed(repo) == before
    ended([started(repo, "archive", "--keep", "0")])
    assert not repo.refs("refs/exp/")
    assert listed(repo) == before
    assert set(names) <= before.keys()
    repo.git("fsck", "--strict", "--no-progress")
    for run in gitexp.runs(repository=repo.path):
        assert run.metrics == {"acc": 0.5}
        assert len(run.history()) == 1


def test_a_kill_loses_nothing(repo: Repo) -> None:
    kill_often(repo, kills=4, seed="few")


@pytest.mark.long
@pytest.mark.parametrize("seed", ["one", "two"])
def test_many_kills_lose_nothing(repo: Repo, seed: str) -> None:
    kill_often(repo, kills=40, seed=seed)


@pytest.mark.parametrize("rounds", [2, pytest.param(15, marks=pytest.mark.long)])
def test_writers_that_archive_at_the_same_time(repo: Repo, rounds: int) -> None:
    multiply(repo, record("like"), 40)
    before = listed(repo)
    for number in range(rounds):
        ended(
            [
                started(repo, "archive", "--where", "name ~ 'aaa[a-n]$'"),
                started(repo, "archive", "--where", "name ~ 'aaa[g-z]$'"),
                started(repo, "archive", "--keep", "0"),
            ]
        )
        assert not repo.refs("refs/exp/")
        assert listed(repo) == before
        if number % 2:
            ended([started(repo, "archive", "--restore", "--all") for _ in range(2)])
            assert listed(repo) == before
        repo.git("fsck", "--strict", "--no-progress")


@pytest.mark.parametrize("rounds", [2, pytest.param(15, marks=pytest.mark.long)])
def test_a_run_that_is_tagged_while_it_is_archived(repo: Repo, rounds: int) -> None:
    name = record("one")
    multiply(repo, name, 10)
    count = len(listed(repo))
    for number in range(rounds):
        ended([started(repo, "tag", name, f"+t{number}"), started(repo, "archive", "--keep", "0")])
        assert len(listed(repo)) == count
    assert set(gitexp.get_run(name, repository=repo.path).tags) == {f"t{number}" for number in range(rounds)}
    ended([started(repo, "archive", "--keep", "0")])
    assert not repo.refs("refs/exp/")
    assert set(gitexp.get_run(name, repository=repo.path).tags) == {f"t{number}" for number in range(rounds)}
    repo.git("fsck", "--strict", "--no-progress")
