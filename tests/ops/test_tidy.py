"""Small packs are folded together once they may be."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

import gitexp
from gitexp.capture.live import Live
from gitexp.ops import recover, tidy
from gitexp.repo import Repository
from tests.gitrepo import Repo


def packs(repo: Repo) -> int:
    return len(list((repo.path / ".git/objects/pack").glob("*.pack")))


def test_old_runs_are_folded_and_stay(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)
    monkeypatch.setattr(tidy, "MANY_PACKS", 10)
    for number in range(6):
        with gitexp.start() as run:
            run.log({"a": number})
    opened = Repository.open()
    recover.sweep(opened)
    assert packs(repo) == 12
    old = time.time() - recover.KEPT_SECONDS - 60
    for note in (repo.path / ".git/exp/done").glob("*/sealed.json"):
        os.utime(note, (old, old))
    recover.recover(opened)
    assert packs(repo) < 4
    assert not list((repo.path / ".git/objects/pack").glob("*.keep"))
    assert not list((repo.path / ".git/exp/done").glob("[!.]*"))
    assert sorted(one.metrics["a"] for one in gitexp.runs()) == list(range(6))  # type: ignore[type-var]
    repo.fsck()


def test_a_directory_that_is_still_written_into_is_not_let_go_of(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.path)
    with gitexp.start() as run:
        pass
    opened = Repository.open()
    recover.sweep(opened)
    done = Live(opened.done_root / str(run.name))
    old = time.time() - recover.KEPT_SECONDS - 60
    os.utime(done.path / "sealed.json", (old, old))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as worker:
        done.note_process(worker.pid)
        recover.recover(opened)
        assert done.path.exists()
    recover.recover(opened)
    assert not done.path.exists()


def test_few_packs_are_left_alone(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)
    with gitexp.start():
        pass
    assert not tidy.fold_packs(Repository.open())
    assert packs(repo) == 2


def test_in_a_burst_of_runs_packs_are_let_go_of_before_their_directories(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.path)
    monkeypatch.setattr(tidy, "MANY_PACKS", 5)
    monkeypatch.setattr(recover, "MAX_KEPT", 2)
    monkeypatch.setattr(recover, "MIN_KEPT_SECONDS", -1.0)
    for number in range(8):
        with gitexp.start() as run:
            run.log({"a": number})
    opened = Repository.open()
    recover.recover(opened)
    assert len(list((repo.path / ".git/exp/done").glob("[!.]*"))) == 8
    assert len(list((repo.path / ".git/objects/pack").glob("*.keep"))) == 4
    assert packs(repo) < 8
    # What a gc now takes are the commits that were replaced: nothing is missed, and nothing healed.
    repo.git("gc", "-q", "--prune=now")
    assert recover.recover(opened) == []
    assert len(gitexp.runs()) == 8
    repo.fsck()


def test_a_directory_without_kept_packs_still_heals(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)
    monkeypatch.setattr(recover, "MAX_KEPT", 0)
    monkeypatch.setattr(recover, "MIN_KEPT_SECONDS", -1.0)
    with gitexp.start() as run:
        run.log({"a": 1})
    opened = Repository.open()
    recover.recover(opened)
    for path in (repo.path / ".git/objects/pack").glob("pack-*"):
        path.unlink()
    assert [one.outcome for one in recover.recover(opened)] == [recover.Outcome.HEALED]
    assert gitexp.get_run(run.name).metrics == {"a": 1}
    repo.fsck()
