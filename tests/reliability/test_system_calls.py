"""A finish that is killed, or refused by the disk, at each of its system calls."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

import pytest

from gitexp.model.names import RunName
from gitexp.ops.begin import Wish, begin
from gitexp.repo import Repository
from tests.gitrepo import FILES, Repo, init
from tests.reliability import finisher as finishing
from tests.reliability.checks import check_git, check_rows, locks, next_command, users_things
from tests.reliability.recorder import value
from tests.reliability.strace import CHANGES, WRITES, Finisher, Point, finisher, skip_without_strace

ROWS = 20
Prepared: TypeAlias = tuple[Repo, RunName]
Again: TypeAlias = Callable[[], Repo]

RECOVERY_SECONDS = 5.0
GITS = 4
"""More git programs than a finish starts."""


@pytest.fixture
def prepared(tmp_path: Path, environ: dict[str, str]) -> Prepared:
    """A repository with a run that lacks nothing but its end."""
    skip_without_strace()
    repo = init(tmp_path / "prepared", environ)
    repo.commit("first", FILES)
    repo.write("new.py", "NEW = 1\n")
    # By a process that is gone when the finish begins: one that lives would be taken for a worker.
    child = os.fork()
    if child == 0:
        _prepare(repo)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    (name,) = (repo.path / ".git/exp/live").iterdir()
    return repo, RunName(name.name)


def _prepare(repo: Repo) -> None:
    with Repository.open(repo.path, repo.environ) as opened:
        recording = begin(opened, Wish("struck"))
        for step in range(ROWS):
            recording.metrics(value(step), step, time.time())
        recording.artifact(b"weights", "model.bin")
        recording.leave()


def test_a_kill_at_some_system_calls(tmp_path: Path, prepared: Prepared) -> None:
    _strike_all(tmp_path, prepared, _kills, every=37, lanes=1)


@pytest.mark.long
def test_a_kill_at_each_system_call(tmp_path: Path, prepared: Prepared) -> None:
    assert _strike_all(tmp_path, prepared, _kills, every=1, lanes=2) >= 150


def test_an_error_of_some_system_calls(tmp_path: Path, prepared: Prepared) -> None:
    _strike_all(tmp_path, prepared, _errors, every=37, lanes=1)


@pytest.mark.long
def test_an_error_of_each_system_call_that_writes(tmp_path: Path, prepared: Prepared) -> None:
    assert _strike_all(tmp_path, prepared, _errors, every=1, lanes=2) >= 50


def _kills(lane: Finisher, again: Again, name: str) -> Iterator[Point]:
    for call in range(GITS):
        for number in range(1, lane.count(again(), name, call, CHANGES) + 1):
            yield Point(call, number, "signal=KILL", CHANGES, together=number % 2 == 0)


def _errors(lane: Finisher, again: Again, name: str) -> Iterator[Point]:
    """A disk that is full from some point on, or that fails once."""
    for call in range(GITS):
        for number in range(1, lane.count(again(), name, call, WRITES) + 1):
            full = number % 2 == 0
            yield Point(call, number, "error=ENOSPC" if full else "error=EIO", WRITES, onwards=full)


def _strike_all(
    root: Path,
    prepared: Prepared,
    points: Callable[[Finisher, Again, str], Iterator[Point]],
    *,
    every: int,
    lanes: int,
) -> int:
    """How many points there were; each struck in a fresh copy of the prepared repository."""
    repo, name = prepared

    def work(lane: int) -> int:
        numbers = itertools.count()

        def again() -> Repo:
            path = root / f"lane {lane}" / str(next(numbers))
            # Of packs there are two names for one file, in the copy too.
            subprocess.run(["cp", "-a", repo.path, path], check=True)
            return Repo(path, repo.environ)

        struck = 0
        with finisher(root / f"lane {lane}", repo.environ) as finishers:
            for index, point in enumerate(list(points(finishers, again, name))[::every]):
                if index % lanes == lane:
                    _strike(finishers, again(), name, point)
                    struck += 1
        return struck

    with ThreadPoolExecutor(lanes) as pool:
        return sum(pool.map(work, range(lanes)))


def _strike(lane: Finisher, repo: Repo, name: str, point: Point) -> None:
    before = users_things(repo)
    status = lane.finish(repo, name, point)
    exit_code = os.waitstatus_to_exitcode(status)
    assert exit_code in (0, finishing.REFUSED, -signal.SIGKILL), point
    began = time.monotonic()
    next_command(repo)
    assert time.monotonic() - began < RECOVERY_SECONDS, point
    assert locks(repo) == [], point
    run = check_rows(repo, name, ROWS, most=ROWS)
    # A program that was being started when its parent died has the lock of the run until it is executed,
    # which may take a while where all of them are traced: some later command finds that nobody is left.
    while run.status == "running" and time.monotonic() - began < RECOVERY_SECONDS:
        time.sleep(0.05)
        next_command(repo)
        run = check_rows(repo, name, ROWS, most=ROWS)
    # Before it could say that it was to finish, it had died for all that anybody knows.
    assert run.status == "finished" or (run.status == "crashed" and exit_code), point
    assert [one.path for one in run.artifacts] == ["model.bin"]
    assert repo.git("cat-file", "-p", f"{run.commit}:.exp/artifacts/model.bin") == "weights"
    assert users_things(repo) == before
    next_command(repo)
    if point.number % 10 == 0:
        remote = init(repo.path.with_suffix(".remote"), repo.environ, "--bare")
        repo.git("push", "--quiet", str(remote.path), "HEAD:refs/heads/main")
        check_git(repo, remote.path)
    repo.fsck()
    shutil.rmtree(repo.path)
