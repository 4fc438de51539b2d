"""A disk that is full or cannot be written: the program goes on, and nothing that was kept is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

import gitexp
from gitexp.errors import StorageFull
from gitexp.model.record import Status
from gitexp.ops.begin import Wish, begin
from gitexp.ops.seal import Ending
from gitexp.repo import Repository
from tests.gitrepo import FILES, Repo, init
from tests.reliability.checks import next_command, start_recorder, users_things
from tests.reliability.disks import mounted
from tests.reliability.recorder import value

ROWS = 20_000


@pytest.mark.parametrize("spare", [300_000, 90_000])
def test_a_full_disk_lets_the_program_go_on(tmp_path: Path, environ: dict[str, str], spare: int) -> None:
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=8m", "tmpfs") as disk:
        repo = init(disk / "main", environ)
        repo.commit("first", FILES)
        before = users_things(repo)
        name, kept = _record_until_full(repo, disk / "ballast", spare)
        assert 0 < len(kept) < ROWS
        (disk / "ballast").unlink()
        next_command(repo)
        next_command(repo)
        _check(repo, name, kept)
        assert users_things(repo) == before
        repo.fsck()


def _check(repo: Repo, name: str, kept: Sequence[int]) -> None:
    """Not always the first ones: where a row finds no room, a shorter one after it may."""
    run = gitexp.get_run(name, repository=repo.path)
    assert [(row.step, dict(row.values)) for row in run.history().rows()] == [(n, value(n)) for n in kept]
    assert run.status == "finished"
    # The environment at the end is a row of the journal, too.
    assert run.info.lost in (ROWS - len(kept), ROWS - len(kept) + 1)


def _record_until_full(repo: Repo, ballast: Path, spare: int) -> tuple[str, list[int]]:
    """Name and kept steps of a run during which the disk has only so many bytes to spare."""
    environ = {**repo.environ, "GITEXP_TEST_ROWS": str(ROWS)}
    with start_recorder("until-full", repo.path, environ, stderr=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == b"ready\n"
        process.stdin.write(b"go\n")
        process.stdin.flush()
        name = process.stdout.readline().decode().removeprefix("name ").strip()
        _fill(ballast, spare)
        told = process.stdout.read().decode().splitlines()
        talk = process.stderr.read().decode()
    assert process.returncode == 0
    assert told[-1] == "went on"
    assert talk.count("GitExpWarning") == 1, talk
    assert "No space left on device" in talk
    return name, [int(line.removeprefix("row ")) for line in told[:-1]]


def _fill(ballast: Path, spare: int) -> None:
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(ballast.parent).free - spare)


def test_a_start_on_a_full_disk_leaves_nothing(tmp_path: Path, environ: dict[str, str]) -> None:
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=8m", "tmpfs") as disk:
        repo = init(disk / "main", environ)
        repo.commit("first", FILES)
        repo.write("new.bin", bytes(range(256)) * 2000)
        for spare in range(0, 120_000, 8192):
            _fill(disk / "ballast", spare)
            before = users_things(repo)
            refusal = _try_to_record(repo)
            assert refusal is None or refusal.hint
            (disk / "ballast").unlink()
            next_command(repo)
            next_command(repo)
            assert users_things(repo) == before
            assert list((repo.path / ".git/exp/live").iterdir()) == []
            repo.fsck()


def _try_to_record(repo: Repo) -> StorageFull | None:
    with Repository.open(repo.path, repo.environ) as opened:
        try:
            begin(opened, Wish("full")).finish(Ending(Status.FINISHED))
        except StorageFull as error:
            return error
    return None


def test_a_repository_that_cannot_be_written(tmp_path: Path, environ: dict[str, str]) -> None:
    repo = init(tmp_path / "main", environ)
    repo.commit("first", FILES)
    files = sorted((repo.path / ".git").rglob("*"))
    git_dir = str(repo.path / ".git")
    with mounted(repo.path / ".git", "--bind", git_dir):
        subprocess.run(["mount", "-o", "remount,bind,ro", git_dir], check=True)
        with Repository.open(repo.path, environ) as opened, pytest.raises(StorageFull) as caught:
            begin(opened, Wish("refused"))
    assert "Read-only file system" in caught.value.message
    assert sorted((repo.path / ".git").rglob("*")) == files
