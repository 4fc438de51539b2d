"""Many processes record at once while git tidies up under them."""

from __future__ import annotations

import itertools
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

import gitexp
from tests.gitrepo import FILES, Repo, init
from tests.reliability.checks import check_git, check_rows, locks, next_command, recover_all, start_recorder

GC = ("gc", "--quiet")
PACK_REFS = ("pack-refs", "--all")
REPACK = ("repack", "-ad", "--quiet")
PRUNE_NOW = ("gc", "--quiet", "--prune=now")


def test_processes_record_at_once(tmp_path: Path, environ: dict[str, str]) -> None:
    _record_at_once(tmp_path, environ, processes=6, runs=1, worktrees=1)


@pytest.mark.long
def test_32_processes_record_at_once(tmp_path: Path, environ: dict[str, str]) -> None:
    _record_at_once(tmp_path, environ, processes=32, runs=3, worktrees=3)


def test_runs_survive_pruning(tmp_path: Path, environ: dict[str, str]) -> None:
    _record_under_prune(tmp_path, environ, processes=2, runs=3)


@pytest.mark.long
def test_100_runs_survive_pruning(tmp_path: Path, environ: dict[str, str]) -> None:
    _record_under_prune(tmp_path, environ, processes=4, runs=25)


def _record_at_once(
    root: Path, environ: Mapping[str, str], *, processes: int, runs: int, worktrees: int
) -> None:
    main = _main(root, environ)
    places = [main, *(_linked(main, root / f"linked {number}", number) for number in range(worktrees))]
    with _tidying(main, [GC, PACK_REFS, REPACK]):
        names = _record(list(itertools.islice(itertools.cycle(places), processes)), runs)
    assert len(names) == processes * runs
    next_command(main)
    _check_all(main, names)
    recover_all(main)
    _check_all(main, names)
    check_git(main, _remote(main, root))


def _record_under_prune(root: Path, environ: Mapping[str, str], *, processes: int, runs: int) -> None:
    main = _main(root, environ)
    # Each with code of its own, so that no run's objects are held by another's.
    places = [_linked(main, root / f"linked {number}", number) for number in range(processes)]
    with _tidying(main, [PRUNE_NOW]):
        names = _record(places, runs)
    assert len(names) == processes * runs
    recover_all(main)
    _check_all(main, names)
    check_git(main, _remote(main, root))


def _main(root: Path, environ: Mapping[str, str]) -> Repo:
    main = init(root / "main", environ)
    main.commit("first", FILES)
    return main


def _linked(main: Repo, path: Path, number: int) -> Repo:
    main.git("worktree", "add", "--quiet", "--detach", str(path))
    linked = Repo(path, main.environ)
    linked.write("params.yaml", f"seed: {number}\n")
    linked.write("untracked.py", f"NUMBER = {number}\n")
    return linked


def _remote(main: Repo, root: Path) -> Path:
    bare = init(root / "remote.git", main.environ, "--bare").path
    main.git("push", "--quiet", str(bare), "HEAD:refs/heads/main")
    return bare


def _record(places: Sequence[Repo], runs: int) -> list[str]:
    """The names of the finished runs of one process in each place, all begun at one moment."""
    processes = [
        start_recorder("several", place.path, {**place.environ, "GITEXP_TEST_RUNS": str(runs)})
        for place in places
    ]
    names: list[str] = []
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.close()
    for process in processes:
        with process:
            assert process.stdout
            told = process.stdout.read().decode().splitlines()
        assert process.returncode == 0
        names += [line.removeprefix("finished ") for line in told if line.startswith("finished ")]
    return names


@contextmanager
def _tidying(repo: Repo, commands: Sequence[Sequence[str]]) -> Iterator[None]:
    """Run git's maintenance without a pause; what it says of locks that others hold is no failure."""
    stop = threading.Event()

    def loop() -> None:
        for command in itertools.cycle(commands):
            if stop.is_set():
                return
            subprocess.run(
                ["git", *command], cwd=repo.path, env=repo.environ, stderr=subprocess.DEVNULL, check=False
            )

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _check_all(repo: Repo, names: Sequence[str]) -> None:
    assert sorted(run.name for run in gitexp.runs(repository=repo.path)) == sorted(names)
    for name in names:
        run = check_rows(repo, name, 50, most=50)
        assert run.status == "finished"
    assert locks(repo) == []
    repo.fsck()
