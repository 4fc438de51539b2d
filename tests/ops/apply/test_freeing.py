"""gc frees no backup that a working tree needs to be put right, whichever tree it is called in."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gitexp.cli.boundary import run
from gitexp.ops.apply.unfinished import alone
from gitexp.ops.collect import collect
from tests.gitrepo import Repo
from tests.ops.recorded import open_here, record
from tests.reliability.test_kill_apply import die
from tests.worktree import walk

Half = tuple[Repo, dict[str, object]]


@pytest.fixture
def half(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Half:
    """A linked worktree in which an undo was killed, and the files that it began with."""
    monkeypatch.chdir(repo.path)
    repo.write("train.py", "as it was\n")
    repo.write("new/a", "new\n")
    name = record("old")
    repo.git("checkout", "-q", ".")
    repo.git("clean", "-fdq")
    linked = Repo(tmp_path / "linked ü", repo.environ)
    repo.git("worktree", "add", "-q", "--detach", str(linked.path))
    monkeypatch.chdir(linked.path)
    assert run(["apply", name]) == 0
    applied = walk(linked.path)
    die(linked, "operations", "undo")
    assert walk(linked.path) != applied
    monkeypatch.chdir(repo.path)
    return linked, applied


def backups(repo: Repo) -> list[str]:
    return os.listdir(repo.path / ".git/exp/applied")


def test_what_a_killed_undo_needs_stays(
    repo: Repo, half: Half, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    linked, applied = half
    capfd.readouterr()
    for options in (["-n"], [], ["--older-than", "0s"]):
        assert run(["gc", *options]) == 0
        assert "was cut short in the working tree 'linked" in capfd.readouterr().err
        assert len(backups(repo)) == 1
    monkeypatch.chdir(linked.path)
    assert run(["ls"]) == 0
    assert walk(linked.path) == applied
    assert run(["undo"]) == 0
    assert linked.git("status", "--porcelain") == ""
    assert run(["gc"]) == 0
    assert backups(repo) == []
    repo.fsck()


def test_while_files_are_changed_in_any_tree_no_backup_goes(repo: Repo, half: Half) -> None:
    linked, _ = half
    with open_here(linked) as opened:
        with alone(opened), open_here(repo) as main:
            assert "backups stay while files are being changed" in collect(main).left[0]
            assert len(backups(repo)) == 1
        assert collect(opened).left == ()
    assert backups(repo) == []


def test_a_note_that_is_damaged_may_need_any(repo: Repo, half: Half) -> None:
    (note,) = (repo.path / ".git/worktrees").glob("*/exp/applying.json")
    note.write_text("{")
    with open_here(repo) as opened:
        assert f"'{note}' is damaged" in collect(opened).left[0]
    assert len(backups(repo)) == 1


def test_where_a_backup_is_gone_all_the_same_the_hint_gets_out(
    repo: Repo, half: Half, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    linked, _ = half
    shutil.rmtree(repo.path / ".git/exp/applied")
    (note,) = (repo.path / ".git/worktrees").glob("*/exp/applying.json")
    monkeypatch.chdir(linked.path)
    capfd.readouterr()
    assert run(["undo"]) == 1
    said = capfd.readouterr().err
    assert "was cut short, and cannot be taken back: its backup is gone\n" in said
    assert f"hint: rm '{note}' && git status\n" in said
    note.unlink()
    assert run(["save"]) == 0
