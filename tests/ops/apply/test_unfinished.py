"""What a kill left of a change of the working tree is found, and what came since is never lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitexp.cli.boundary import run
from gitexp.errors import BrokenRecord
from gitexp.ops.apply.unfinished import alone
from tests.gitrepo import Repo
from tests.ops.recorded import open_here, record
from tests.reliability.test_kill_apply import die
from tests.worktree import walk


@pytest.fixture
def half(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository in which an apply was killed when all files were changed and nothing was logged."""
    monkeypatch.chdir(repo.path)
    repo.write("train.py", "as it was\n")
    repo.write("new/a", "new\n")
    (repo.path / "src/model.py").unlink()
    name = record("old")
    repo.git("checkout", "-q", ".")
    repo.git("clean", "-fdq")
    die(repo, "operations", "apply", name)
    assert not (repo.path / "src").exists()
    assert (repo.path / "new/a").exists()
    assert note(repo).exists()
    return repo


def note(repo: Repo) -> Path:
    return repo.path / ".git/exp/applying.json"


def test_it_is_told(half: Repo, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    assert run(["ls"]) == 0
    said = capfd.readouterr().err
    assert "had been cut short; the working tree is as it was before" in said
    assert (half.path / "src/model.py").exists()
    assert not (half.path / "new").exists()
    assert list((half.path / ".git/exp/applied").iterdir()) == []
    assert half.git("status", "--porcelain") == ""


def test_what_came_since_stays(half: Repo, capfd: pytest.CaptureFixture[str]) -> None:
    half.write("train.py", "edited since")
    half.write("new/mine", "made since")
    half.write("src", "a file since")
    capfd.readouterr()
    assert run(["ls"]) == 0
    said = capfd.readouterr().err
    assert "but 'src' and 1 more was changed since and stays: what had been there is in" in said
    assert (half.path / "train.py").read_text() == "edited since"
    assert (half.path / "src").read_text() == "a file since"
    assert (half.path / "new/mine").read_text() == "made since"
    assert not (half.path / "new/a").exists()
    assert not note(half).exists()
    (kept,) = (half.path / ".git/exp/applied").iterdir()
    assert b"WIDTH = 3\n" in [path.read_bytes() for path in (kept / "bytes").iterdir()]


def test_while_somebody_is_at_work_nobody_takes_it_back(half: Repo) -> None:
    after = walk(half.path)
    text = note(half).read_text()
    with open_here(half) as opened:
        note(half).unlink()
        with alone(opened):
            note(half).write_text(text)
            assert die(half, 0, "ls") == 0
            assert walk(half.path) == after
    assert run(["ls"]) == 0
    assert walk(half.path) != after


def test_a_note_that_is_damaged_is_not_believed(half: Repo, capfd: pytest.CaptureFixture[str]) -> None:
    after = walk(half.path)
    elsewhere = '{"operation": "1", "backup": "../..", "kind": "change", "what": ""}'
    for text in ("", "{", "[]", '{"v": 1}', elsewhere):
        note(half).write_text(text)
        assert run(["ls"]) == 0
        assert "warning: " in capfd.readouterr().err
        assert walk(half.path) == after
        with open_here(half) as opened, pytest.raises(BrokenRecord), alone(opened):
            pass


def test_what_the_log_calls_done_is_done(half: Repo) -> None:
    after = walk(half.path)
    value = json.loads(note(half).read_text())
    line = {"v": 2, "id": value["operation"], "at": 1, "kind": "change", "what": value["what"], "tree": "."}
    with (half.path / ".git/exp/operations.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    assert run(["ls"]) == 0
    assert not note(half).exists()
    assert walk(half.path) == after
    assert run(["undo"]) == 0
    assert half.git("status", "--porcelain") == ""
