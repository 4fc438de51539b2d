"""SIGKILL in the midst of push and fetch, and many at once: nothing half-done, one rerun ends complete."""

from __future__ import annotations

import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.cli.conftest import world
from tests.cli.program import ROOT
from tests.cli.servers import git_daemon
from tests.cli.sharing import Person, World, refs
from tests.gitrepo import Repo
from tests.reliability.checks import next_command

__all__ = ["world"]

ARTIFACT = "import os; open('model.bin', 'wb').write(os.urandom(2_000_000))"


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """The remote behind a server that outlives whoever talks to it."""
    with git_daemon(world.remote) as url:
        yield url


def _person(world: World, name: str, url: str) -> Person:
    person = world.person(name, url)
    person.repo.git("config", "exp.pushRate", "0")
    _store(world).mkdir(exist_ok=True)
    person.repo.git("config", "exp.artifacts", str(_store(world)))
    return person


def _store(world: World) -> Path:
    return world.folder / "bytes"


def _start(person: Person, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "gitexp.cli.main", *arguments],
        cwd=person.repo.path,
        env={**person.repo.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _killed(person: Person, *arguments: str, after: float) -> None:
    """A command killed with all its git programs after so many seconds, unless it has ended."""
    process = _start(person, *arguments)
    time.sleep(after)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def _assert_whole(world: World, person: Person) -> None:
    """Git finds nothing wrong on either side, and each run on the remote has the bytes that it points to."""
    _assert_clean(person.repo)
    _assert_clean(world.remote)
    next_command(person.repo)
    git = person.repo.path / ".git"
    # What is locked by us is free once its holder is gone, and the next fetch takes those of git away.
    ours = (git / "exp", git / "refs/exp-incoming/origin")
    assert [
        path for path in git.rglob("*.lock") if path.parents[0] not in ours and ours[0] not in path.parents
    ] == []
    for name in world.runs:
        listed = world.remote.git("ls-tree", "-r", f"refs/exp/{name}", ".exp/artifacts/").splitlines()
        for blob in (line.split()[2] for line in listed if line.endswith(".bin")):
            pointer = world.remote.git("cat-file", "-p", blob)
            oid = re.search(r"oid sha256:(\w+)", pointer)
            assert oid is not None
            data = (_store(world) / oid[1][:2] / oid[1][2:4] / oid[1]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == oid[1]


def _assert_clean(repo: Repo) -> None:
    """As `git fsck` sees it once a server that was still at work for somebody dead is done."""
    for _ in range(100):
        done = subprocess.run(
            ["git", "fsck", "--strict", "--no-dangling", "--no-progress"],
            cwd=repo.path,
            env=repo.environ,
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            return
        time.sleep(0.05)
    raise AssertionError((repo.path, done.stdout, done.stderr))


def _kill_pushes(world: World, url: str, rounds: int) -> None:
    ada = _person(world, "ada", url)
    chance = random.Random("push")
    for number in range(rounds):
        if number % 4 == 0:
            ada.record(f"run-{number}", ARTIFACT, "--output", "model.bin")
        else:
            assert ada("tag", "@", f"+t{number}").code == 0
        # It takes 0.2 s before it begins to send anything.
        _killed(ada, "push", after=chance.uniform(0.1, 0.9))
        _assert_whole(world, ada)
    assert ada("push").code == 0
    assert ada.runs == world.runs
    _assert_whole(world, ada)


def _kill_fetches(world: World, url: str, rounds: int) -> None:
    ada, bob = _person(world, "ada", url), _person(world, "bob", url)
    chance = random.Random("fetch")
    for number in range(rounds):
        if number % 4 == 0:
            for slug in ("a", "b", "c"):
                ada.record(f"run-{number}-{slug}", f"print('{chance.random()}' * 1000)")
        else:
            assert ada("tag", "@", f"+t{number}").code == 0
            bob("tag", "@", f"+b{number}")  # so that there is something to merge
        ada("fetch")
        assert ada("push").code == 0
        _killed(bob, "fetch", after=chance.uniform(0.1, 0.9))
        _assert_whole(world, bob)
    assert bob("fetch").code == 0
    assert set(bob.runs) == set(world.runs)
    assert not refs(bob.repo, "refs/exp-incoming/")
    assert bob("push").code == 0
    assert bob.runs == world.runs
    _assert_whole(world, bob)


def test_a_killed_push(world: World, url: str) -> None:
    _kill_pushes(world, url, rounds=3)


def test_a_killed_fetch(world: World, url: str) -> None:
    _kill_fetches(world, url, rounds=3)


@pytest.mark.long
def test_many_killed_pushes(world: World, url: str) -> None:
    _kill_pushes(world, url, rounds=50)


@pytest.mark.long
def test_many_killed_fetches(world: World, url: str) -> None:
    _kill_fetches(world, url, rounds=50)


def test_a_lock_that_a_killed_fetch_left_is_taken_away(world: World, url: str) -> None:
    ada, bob = _person(world, "ada", url), _person(world, "bob", url)
    name = ada.record("one")
    ada("push")
    lock = bob.repo.path / ".git/refs/exp-incoming/origin" / f"{name}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    os.utime(lock, (1, 1))
    bob.repo.git("fetch", "-q", "origin", f"refs/exp/{name}:refs/keep/x")
    lock.with_suffix("").write_text(bob.repo.git("rev-parse", "refs/keep/x") + "\n")
    bob.repo.git("gc", "-q")  # it is in the way of no git of the user's
    assert bob("fetch").code == 0
    assert bob.runs == ada.runs
    assert not lock.exists()


def test_two_pushes_at_once(world: World, url: str) -> None:
    ada, bob = _person(world, "ada", url), _person(world, "bob", url)
    for number in range(4):
        ada.record(f"ada-{number}", ARTIFACT, "--output", "model.bin")
        bob.record(f"bob-{number}", ARTIFACT, "--output", "model.bin")
    processes = [_start(person, "push") for person in (ada, ada, bob, bob)]
    assert [process.wait() for process in processes] == [0, 0, 0, 0]
    assert world.runs == {**ada.runs, **bob.runs}
    _assert_whole(world, ada)
    _assert_whole(world, bob)


def test_a_fetch_while_a_run_is_recorded(world: World, url: str) -> None:
    ada, bob = _person(world, "ada", url), _person(world, "bob", url)
    ada.record("one")
    ada("push")
    recording = _start(
        bob, "run", "--name", "mine", "--", sys.executable, "-c", "import time; print('x'); time.sleep(2)"
    )
    while recording.poll() is None:
        assert bob("fetch").code == 0
        assert bob("push", "--all").code == 0
    assert recording.wait() == 0
    assert bob("push").code == 0
    assert set(world.runs) == set(bob.runs)
    assert world.runs == bob.runs
    _assert_whole(world, bob)


def _gc_loop(repo: Repo, over: Event) -> None:
    while not over.is_set():
        subprocess.run(
            ["git", "gc", "--quiet"], cwd=repo.path, env=repo.environ, stderr=subprocess.DEVNULL, check=False
        )


def test_a_push_while_git_gc_loops(world: World, url: str) -> None:
    ada = _person(world, "ada", url)
    over = Event()
    thread = Thread(target=_gc_loop, args=(ada.repo, over))
    thread.start()
    try:
        for number in range(4):
            ada.record(f"run-{number}", ARTIFACT, "--output", "model.bin")
            assert ada("push").code == 0
            assert ada("tag", "@", "+a").code == 0
            assert ada("push").code == 0
    finally:
        over.set()
        thread.join()
    assert ada.runs == world.runs
    _assert_whole(world, ada)
