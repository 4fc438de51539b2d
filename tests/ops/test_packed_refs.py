"""Loose refs of ours never pile up, and a killed transaction leaves no lock to remove by hand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import gitexp
from gitexp.errors import GitError
from gitexp.git import packing
from gitexp.model.labels import Edit
from gitexp.ops import tidy, transaction
from gitexp.ops.annotate import annotate
from gitexp.ops.recover import sweep
from gitexp.ops.remove import remove
from tests.gitrepo import Repo, wrapped_git
from tests.ops.recorded import chosen, multiply, open_here, record

ROOT = Path(__file__).parents[2]
RECORDER = """
import gitexp, sys
from gitexp.ops import tidy
tidy.MANY_REFS = int(sys.argv[1])
for _ in range(int(sys.argv[2])):
    with gitexp.start("packed") as run:
        run.log({"a": 1})
"""


@pytest.fixture(autouse=True)
def _here(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)


def loose(repo: Repo) -> int:
    with open_here(repo) as opened:
        return packing.count_loose(opened.layout, 10_000)


def record_by_two(repo: Repo, limit: int, each: int) -> int:
    """The most loose refs seen while two processes recorded."""
    command = [sys.executable, "-c", RECORDER, str(limit), str(each)]
    environ = {**repo.environ, "PYTHONPATH": str(ROOT)}
    processes = [subprocess.Popen(command, cwd=repo.path, env=environ) for _ in range(2)]
    most = 0
    while any(process.poll() is None for process in processes):
        most = max(most, loose(repo))
        time.sleep(0.02)
    assert [process.returncode for process in processes] == [0, 0]
    assert len(repo.refs("refs/exp/")) == 2 * each
    repo.fsck()
    return max(most, loose(repo))


def test_runs_recorded_by_two_processes_stay_packed(repo: Repo) -> None:
    assert 2 <= record_by_two(repo, limit=6, each=10) <= 10


@pytest.mark.long
def test_six_hundred_runs_recorded_by_two_processes_stay_packed(repo: Repo) -> None:
    assert record_by_two(repo, limit=tidy.MANY_REFS, each=300) <= 500


def test_after_a_large_change_refs_are_packed(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    names = multiply(repo, record("one"), 60)
    monkeypatch.setattr(tidy, "MANY_REFS", 50)
    with open_here(repo) as opened:
        annotate(opened, chosen(opened, *names), Edit(add_tags=("a",)))
        assert loose(repo) < 50
        before = repo.refs()
        remove(opened, chosen(opened, *names))
        assert loose(repo) < 50
    assert sorted(before.values()) == sorted(repo.refs().values())
    assert gitexp.get_run("one").status == "finished"
    repo.fsck()


@pytest.mark.long
def test_a_thousand_runs_go_in_one_transaction(repo: Repo) -> None:
    names = multiply(repo, record("one"), 1000)
    with open_here(repo) as opened:
        assert not [one for one in remove(opened, chosen(opened, *names)) if one.error]
    assert loose(repo) <= 500
    assert len(repo.refs("refs/exp/")) == 1


@pytest.mark.parametrize("knows", [True, False])
def test_git_is_asked_for_ours_alone_where_it_can(repo: Repo, tmp_path: Path, knows: bool) -> None:
    name = record("one")
    body = 'case "$*" in *pack-refs*--include*) echo asked >> $HOME/asked; '
    body += "exit 129;; esac" if not knows else 'shift 15; exec "$git" pack-refs --all;; esac'
    environ = wrapped_git(tmp_path / "bin", repo.environ, body)
    with open_here(Repo(repo.path, environ)) as opened:
        assert packing.pack(opened.git, opened.layout)
    assert (repo.path / ".git/packed-refs").read_text().count(f"refs/exp/{name}\n") == 1
    assert loose(repo) == 0


def test_what_cannot_be_packed_fails_no_recording(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidy, "MANY_REFS", 0)
    lock = repo.path / ".git/packed-refs.lock"
    lock.touch()
    name = record("one")
    with open_here(repo) as opened, pytest.raises(GitError):
        packing.pack(opened.git, opened.layout)
    assert lock.exists(), "it was there before us"
    lock.unlink()
    assert gitexp.get_run(name).status == "finished"


def test_locks_of_a_killed_change_are_cleared_away(repo: Repo, tmp_path: Path) -> None:
    name = record("one")
    stuck = f'case "$*" in *update-ref*) touch $GIT_STUCK/refs/exp/{name}.lock $GIT_STUCK/packed-refs.lock; '
    environ = wrapped_git(tmp_path / "bin", repo.environ, stuck + "exec sleep 600;; esac")
    environ |= {"GIT_STUCK": str(repo.path / ".git"), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "gitexp.cli.main", "rm", name],
        cwd=repo.path,
        env=environ,
        start_new_session=True,
    )
    intent = repo.path / ".git/exp/changing.json"
    lock = repo.path / f".git/refs/exp/{name}.lock"
    while not lock.exists() or not (repo.path / ".git/packed-refs.lock").exists():
        time.sleep(0.01)
    assert json.loads(intent.read_text())
    with open_here(repo) as opened:
        transaction.settle(opened)
        assert lock.exists(), "somebody is at work"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    with open_here(repo) as opened:
        sweep(opened)
        for _ in range(500):  # the git that was killed with it may take a while to be gone
            if not intent.exists():
                break
            time.sleep(0.01)
            sweep(opened)
        assert not intent.exists()
        assert not list((repo.path / ".git").rglob("*.lock"))
        assert not [one for one in remove(opened, chosen(opened, name)) if one.error]


def test_a_lock_of_the_users_is_left_alone(repo: Repo) -> None:
    record("one")
    lock = repo.path / ".git/packed-refs.lock"
    lock.touch()
    os.utime(lock, (1, 1))
    with open_here(repo) as opened:
        opened.home.joinpath("changing.json").write_text("[]")
        transaction.settle(opened)
    assert lock.exists()
    assert not (repo.path / ".git/exp/changing.json").exists()


def test_the_lock_of_a_git_that_goes_on_writing_is_left_alone(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "STALE_SECONDS", 0.5)
    record("one")
    lock, new = repo.path / ".git/packed-refs.lock", repo.path / ".git/packed-refs.new"
    intent = repo.path / ".git/exp/changing.json"
    intent.write_text("[]")
    lock.touch()
    new.touch()
    done = threading.Event()

    def write() -> None:
        while not done.wait(0.02):
            with new.open("a") as file:
                file.write("# of the user's\n")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with open_here(repo) as opened:
            time.sleep(1.0)  # the lock is old by now, and what it stands for is not
            transaction.settle(opened)
        assert not intent.exists()
        assert lock.exists()
        assert new.exists()
    finally:
        done.set()
        writer.join()
    intent.write_text("[]")
    os.utime(lock)
    with open_here(repo) as opened:
        transaction.settle(opened)
    assert not lock.exists()
    assert not new.exists()
