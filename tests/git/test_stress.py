"""Many writers at once while the user's maintenance runs: nothing acknowledged is lost, nobody wins twice."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from gitexp.errors import RefChanged
from gitexp.git import refs, write
from gitexp.git.layout import discover
from gitexp.git.objects import FILE, FOLDER, Entry, Identity, ObjectBuilder
from gitexp.git.process import Git
from gitexp.git.write import RefUpdate
from gitexp.model.names import new_name
from gitexp.model.values import Oid
from tests.gitrepo import Repo

pytestmark = pytest.mark.long

WRITERS = 32
RUNS = 8
ROUNDS = 50
RACERS = 8


def make_run(folder: str, environ: dict[str, str], text: str, ref: str) -> Oid:
    """One run stored and published at `ref`: its commit."""
    path = Path(folder)
    git, layout = Git(path, environ), discover(path, environ)
    objects = ObjectBuilder(layout.object_format)
    record = objects.tree([Entry(b"run.yaml", FILE, objects.blob(text.encode()))])
    root = objects.tree([Entry(b".exp", FOLDER, record)])
    commit = objects.commit(root, [], Identity("A", "a@x"), 1.0, text)
    pack = layout.common_dir / f"{text.replace(' ', '-')}.pack"
    objects.write_pack(pack)
    write.store(git, layout, pack, text)
    pack.unlink()
    write.publish(git, layout, [RefUpdate(ref, commit, None)])
    return commit


def write_runs(folder: str, environ: dict[str, str], writer: int) -> list[tuple[str, Oid]]:
    made = []
    for number in range(RUNS):
        ref = refs.run_ref(new_name())
        made.append((ref, make_run(folder, environ, f"writer {writer} run {number}", ref)))
    return made


def race(folder: str, environ: dict[str, str], racer: int, ref: str) -> Oid | None:
    try:
        return make_run(folder, environ, f"racer {racer} of {ref.rpartition('/')[2]}", ref)
    except RefChanged:
        return None


@contextmanager
def maintained(repo: Repo, *commands: str) -> Iterator[dict[str, int]]:
    """Each of git's commands in a loop, until the block ends; how often each was through."""
    stop = threading.Event()
    done = dict.fromkeys(commands, 0)

    def loop(command: str) -> None:
        while not stop.is_set():
            run = ["git", *command.split()]
            code = subprocess.run(
                run, cwd=repo.path, env=repo.environ, capture_output=True, check=False
            ).returncode
            done[command] += code == 0

    threads = [threading.Thread(target=loop, args=[command]) for command in commands]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def test_writers_lose_nothing_to_maintenance(repo: Repo) -> None:
    repo.git("worktree", "add", "-q", "--detach", str(repo.path.parent / "linked"))
    places = [str(repo.path), str(repo.path.parent / "linked")]
    with maintained(repo, "gc -q", "pack-refs --all", "repack -adq") as done, pool(WRITERS) as writers:
        jobs = [
            writers.submit(write_runs, places[writer % 2], repo.environ, writer) for writer in range(WRITERS)
        ]
        made = [run for job in jobs for run in job.result(timeout=300)]
    assert len(made) == WRITERS * RUNS
    assert repo.refs(refs.EXP) == dict(made)
    git = Git(repo.path, repo.environ)
    write.reindex(git, discover(repo.path, repo.environ))  # what gc's race with any index-pack may leave
    assert write.verify(git, [commit for _, commit in made]) == set()
    assert all(done.values()), done
    repo.fsck()


def test_of_eight_creators_exactly_one_wins(repo: Repo) -> None:
    with maintained(repo, "pack-refs --all"), pool(RACERS) as racers:
        for number in range(ROUNDS):
            ref = refs.run_ref(new_name(f"race-{number}"))
            jobs = [racers.submit(race, str(repo.path), repo.environ, racer, ref) for racer in range(RACERS)]
            won = [commit for job in jobs if (commit := job.result(timeout=60)) is not None]
            assert len(won) == 1
            assert repo.refs(refs.EXP)[ref] == won[0]
    assert len(repo.refs(refs.EXP)) == ROUNDS
    repo.fsck()


def test_create_and_remove_stay_what_was_acknowledged(repo: Repo) -> None:
    git, layout = Git(repo.path, repo.environ), discover(repo.path, repo.environ)
    kept: dict[str, Oid] = {}
    with maintained(repo, "pack-refs --all", "gc -q"):
        for number in range(60):
            name = new_name()
            commit = make_run(str(repo.path), dict(os.environ), f"run {number}", refs.run_ref(name))
            if number % 2:
                kept[refs.run_ref(name)] = commit
                continue
            move = [
                RefUpdate(refs.trash_ref(name), commit, None),
                RefUpdate(refs.run_ref(name), None, commit),
            ]
            write.publish(git, layout, move)
    assert repo.refs(refs.EXP) == kept
    assert len(repo.refs(refs.TRASH)) == 30
    repo.fsck()
