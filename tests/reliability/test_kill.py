"""SIGKILL at any moment of a run's life: nothing that was acknowledged is lost, and nothing stays broken."""

from __future__ import annotations

import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

import gitexp
from tests.gitrepo import FILES, Repo, init, make
from tests.reliability.checks import (
    check_git,
    check_rows,
    common_dir,
    next_command,
    recover_all,
    start_recorder,
    users_things,
)

ROWS = 120


@dataclass(frozen=True)
class Told:
    """What a recorder told before it died."""

    name: str | None
    rows: int
    finished: bool
    seconds: float


@pytest.mark.parametrize("kind", ["plain", "worktree"])
def test_a_kill_loses_nothing(tmp_path: Path, environ: dict[str, str], kind: str) -> None:
    _kill_often(_dirty(make(kind, tmp_path, environ)), tmp_path, rounds=3, seed=kind)


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "hashes"), [("plain", "sha1"), ("plain", "sha256"), ("worktree", "sha1"), ("submodule", "sha1")]
)
def test_many_kills_lose_nothing(tmp_path: Path, environ: dict[str, str], kind: str, hashes: str) -> None:
    # Two at a time, each in a repository of its own: as many as there are processors in CI.
    def lane(number: int) -> None:
        root = tmp_path / str(number)
        _kill_often(_dirty(make(kind, root, environ, hashes)), root, rounds=25, seed=f"{hashes} {number}")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lane, range(2)))


def _dirty(repo: Repo) -> Repo:
    """With a staged, an unstaged and an untracked change."""
    repo.write("train.py", "print('staged')\n")
    repo.git("add", "train.py")
    repo.write("params.yaml", "lr: 0.2\n")
    repo.write("new module.py", "NEW = 1\n")
    return repo


def _kill_often(repo: Repo, root: Path, *, rounds: int, seed: str) -> None:
    random_delay = random.Random(seed)
    remote = _remote(repo, root)
    told = _life(repo, kill_after=None)
    assert (told.rows, told.finished) == (ROWS, True)
    duration, kept = told.seconds, [told]
    for number in range(rounds):
        before = users_things(repo)
        told = _life(repo, kill_after=random_delay.uniform(0, duration), alone=number % 2 == 0)
        _recover(repo)
        _check(repo, told)
        assert users_things(repo) == before
        check_git(repo, remote)
        kept.append(told)
    recover_all(repo)
    for told in kept:
        _check(repo, told)
    _nothing_left(repo)


def _recover(repo: Repo) -> None:
    """By the next command, or the one after: a child between fork and exec holds what its dead parent held,
    so for that moment the run lives on."""
    deadline = time.monotonic() + 2
    next_command(repo)
    while time.monotonic() < deadline and any(
        run.status == "running" for run in gitexp.runs(repository=repo.path)
    ):
        time.sleep(0.02)
        next_command(repo)


def _life(repo: Repo, *, kill_after: float | None, alone: bool = False) -> Told:
    """A recorder's life, ended after so many seconds: `alone`, or with the git programs it started."""
    with start_recorder("whole-life", repo.path, repo.environ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        began = time.monotonic()
        if kill_after is not None:
            time.sleep(kill_after)
            (os.kill if alone else os.killpg)(process.pid, signal.SIGKILL)
        lines = process.stdout.read().decode().splitlines()
        seconds = time.monotonic() - began
    name = next((line[5:] for line in lines if line.startswith("name ")), None)
    return Told(name, sum(line.startswith("row ") for line in lines), "finished" in lines, seconds)


def _check(repo: Repo, told: Told) -> None:
    for run in gitexp.runs(repository=repo.path):
        assert run.status != "running", run.name
    if told.name is None:
        return
    run = check_rows(repo, told.name, told.rows, most=ROWS)
    assert run.status in (["finished"] if told.finished else ["crashed", "finished"])
    if run.status == "finished":
        assert len(run.history()) == ROWS
        assert [one.path for one in run.artifacts] == ["model.bin"]
    assert run.params == {"lr": 0.1}
    assert repo.git("show", f"{run.commit}:new module.py") == "NEW = 1"


def _nothing_left(repo: Repo) -> None:
    """Every live directory has gone its way, and no other file of ours lies about."""
    home = common_dir(repo) / "exp"
    next_command(repo)
    assert [path for path in (home / "live").iterdir() if not path.name.startswith(".new-")] == []
    assert sorted((home / "live").glob(".gone-*")) == []


def _remote(repo: Repo, root: Path) -> Path:
    bare = init(root / "remote.git", repo.environ, "--bare", *_object_format(repo)).path
    repo.git("push", "--quiet", str(bare), "HEAD:refs/heads/main")
    return bare


def _object_format(repo: Repo) -> tuple[str, ...]:
    return (f"--object-format={repo.git('rev-parse', '--show-object-format')}",)


def test_the_files_of_the_repository_are_in_the_run(repo: Repo) -> None:
    told = _life(_dirty(repo), kill_after=None)
    assert told.name
    listed = repo.git("ls-tree", "-r", "--name-only", "-z", f"exp/{told.name}").split("\0")
    assert {*FILES, "new module.py"} <= set(listed)
