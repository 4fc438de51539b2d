"""SIGKILL at any moment of a run that lets go of checkpoints: none that it has lacks its bytes."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

import gitexp
from gitexp.ops.collect import collect
from gitexp.repo import Repository
from tests.gitrepo import Repo
from tests.reliability.checks import next_command, start_recorder
from tests.reliability.recorder import weights


def test_a_kill_leaves_no_checkpoint_without_its_bytes(repo: Repo) -> None:
    _kill_often(repo, rounds=4, seed=1)


@pytest.mark.long
def test_many_kills_leave_no_checkpoint_without_its_bytes(repo: Repo) -> None:
    _kill_often(repo, rounds=30, seed=2)


def _kill_often(repo: Repo, *, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    repo.git("config", "exp.maxBlob", "10k")
    kept = {}
    for number in range(rounds):
        name, acknowledged = _life(repo, chance.uniform(0.02, 1.2), alone=number % 2 == 0)
        next_command(repo)
        if name is not None:
            kept[name] = acknowledged
            _check(repo, name, acknowledged)
            repo.fsck()
    with Repository.open(repo.path, repo.environ) as opened:
        collect(opened)
    for name, acknowledged in kept.items():
        _check(repo, name, acknowledged)
    assert sum(last is not None for last in kept.values()) > rounds // 3
    _check_store(repo, list(kept))


def _life(repo: Repo, seconds: float, *, alone: bool) -> tuple[str | None, int | None]:
    """The run, and the last checkpoint that it was told is kept."""
    with start_recorder("keeping", repo.path, repo.environ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        time.sleep(seconds)
        (os.kill if alone else os.killpg)(process.pid, signal.SIGKILL)
        lines = process.stdout.read().decode().splitlines()
    name = next((line[5:] for line in lines if line.startswith("name ")), None)
    numbers = [int(line[5:]) for line in lines if line.startswith("kept ")]
    return name, max(numbers, default=None)


def _check(repo: Repo, name: str, acknowledged: int | None) -> None:
    """Every commit of the run has the bytes of all its artifacts, and the tip what was acknowledged."""
    for commit in repo.git("log", "--format=%H", f"refs/exp/{name}", "--", ".exp").splitlines():
        run = gitexp.get_run(commit, repository=repo.path)
        for number in _numbers(run):
            assert run.read_artifact(f"ckpt/{number}.pt") == weights(number)
    numbers = _numbers(gitexp.get_run(name, repository=repo.path))
    # One that was just logged may stand beside those that it was to replace.
    assert len(numbers) <= 4
    if acknowledged is not None:
        best = min(range(acknowledged + 1), key=lambda number: ((number * 7919) % 101, -number))
        assert {acknowledged, acknowledged - 1, best} - {-1} <= {*numbers, *_outdone(numbers, acknowledged)}


def _outdone(numbers: list[int], acknowledged: int) -> set[int]:
    """What one more checkpoint, which was not acknowledged any more, may have replaced."""
    if acknowledged + 1 not in numbers:
        return set()
    return set(range(acknowledged)) - {acknowledged}


def _check_store(repo: Repo, names: list[str]) -> None:
    """After a gc the store has what a commit points to, and beside that what a death left unnoted."""
    pointed = set(repo.git("log", "--all", "-p", "--format=", "--glob=refs/exp/*", "--", ".exp").split())
    stored = [path.name for path in (repo.path / ".git/lfs/objects").rglob("*") if path.is_file()]
    strays = [oid for oid in stored if f"sha256:{oid}" not in {word.lstrip("+-") for word in pointed}]
    assert len(strays) <= len(names)


def _numbers(run: gitexp.RecordedRun) -> list[int]:
    return [int(one.path.removeprefix("ckpt/").removesuffix(".pt")) for one in run.artifacts]
