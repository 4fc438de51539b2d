"""SIGKILL in the midst of rm, tag, undo and gc: every kept run can be read, and the next command goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import gitexp
from gitexp.ops import recover
from gitexp.ops.collect import collect
from tests.gitrepo import Repo
from tests.ops.recorded import aside, multiply, open_here, record
from tests.reliability.checks import locks, next_command

ROOT = Path(__file__).parents[2]


def killed(repo: Repo, arguments: Sequence[str], after: float | None) -> float:
    """The seconds that a command of ours took, killed with all its git programs `after` so many."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "gitexp.cli.main", *arguments],
        cwd=repo.path,
        env={**repo.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    if after is not None:
        time.sleep(after)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return time.monotonic() - began


def kill_often(repo: Repo, rounds: int, seed: str) -> None:
    chance = random.Random(seed)
    kept = multiply(repo, record("kept"), 3, "kept")
    for number in range(rounds):
        repo.write("only.txt", f"{seed} {number} {chance.random()}" * 50)
        name = record("gone")
        steps = [["tag", "gone", f"+t{number}"], ["rm", "gone"], ["undo"], ["rm", "gone"], ["gc"]]
        for step in steps:
            # A command takes about 0.3 s before it begins to change anything.
            killed(repo, step, chance.uniform(0.1, 0.9) if chance.random() < 0.7 else None)
            repo.git("fsck", "--strict", "--no-progress")
            next_command(repo)
            assert locks(repo) == []
        listed = {run.name for run in gitexp.runs(repository=repo.path)}
        assert set(kept) <= listed
        for run in gitexp.runs(repository=repo.path):
            assert run.metrics == {"acc": 0.5}
            assert len(run.history()) == 1
        assert repo.git("cat-file", "-t", "HEAD^{tree}") == "tree"
        del name


@pytest.fixture(autouse=True)
def _here(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)


def test_a_kill_breaks_nothing(repo: Repo) -> None:
    kill_often(repo, rounds=1, seed="one")


@pytest.mark.long
def test_many_kills_break_nothing(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    kill_often(repo, rounds=12, seed="many")
    monkeypatch.setattr(recover, "MIN_KEPT_SECONDS", -1.0)
    with open_here(repo) as opened:
        collect(opened)
        assert sum(collect(opened).bytes.values()) == 0
    assert aside(repo) == {}
    assert not (repo.path / ".git/exp/gc.json").exists()
    repo.git("fsck", "--strict")


def git_step_kill(repo: Repo, step: int) -> bool:
    """Whether gc got so far as its git program number `step`, at which it was killed."""
    counter = repo.path / ".git" / "count"
    counter.write_text("")
    wrapper = repo.path / ".git" / "bin"
    wrapper.mkdir(exist_ok=True)
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    script = wrapper / "git"
    script.write_text(
        f"#!/bin/sh\necho x >> {counter}\n"
        f'if test "$(wc -l < {counter})" -ge {step}; then kill -9 -$(ps -o pgid= -p $$ | tr -d " "); fi\n'
        f'exec {real} "$@"\n'
    )
    script.chmod(0o755)
    environ = {**repo.environ, "PATH": f"{wrapper}{os.pathsep}{repo.environ['PATH']}"}
    killed(Repo(repo.path, environ), ["gc"], None)
    return len(counter.read_text().splitlines()) >= step


def test_gc_killed_at_each_of_its_steps_is_finished_by_the_next(repo: Repo) -> None:
    kept = record("kept")
    repo.write("only.txt", "x" * 3000)
    blob = repo.git("hash-object", "only.txt")
    record("gone")
    killed(repo, ["rm", "gone"], None)
    step = 4
    while git_step_kill(repo, step):
        repo.git("fsck", "--strict", "--no-progress")
        assert gitexp.get_run(kept, repository=repo.path).metrics == {"acc": 0.5}
        step += 1
    assert step > 12
    repo.git("fsck", "--strict", "--no-progress")
    assert repo.git("cat-file", "--batch-check", input=blob).endswith("missing")
    assert not (repo.path / ".git/exp/gc.json").exists()
