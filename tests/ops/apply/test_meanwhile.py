"""What somebody writes while files are being changed is not lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from gitexp.cli.boundary import run
from gitexp.ops.apply import carrying
from gitexp.syncing import sync_all
from tests.gitrepo import Repo
from tests.ops.recorded import record
from tests.worktree import walk

Meanwhile = Callable[[Callable[[], object]], None]


@pytest.fixture
def old(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run of which a file is changed, another removed and one new."""
    monkeypatch.chdir(repo.path)
    repo.write("train.py", "as it was\n")
    repo.write("new/a", "new\n")
    (repo.path / "src/model.py").unlink()
    name = record("old")
    repo.git("checkout", "-q", ".")
    repo.git("clean", "-fdq")
    return name


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Have something done when all is checked and prepared, and nothing is changed yet."""

    def arrange(do: Callable[[], object]) -> None:
        def step(paths: Iterable[Path]) -> None:
            monkeypatch.setattr(carrying, "sync_all", sync_all)
            do()
            sync_all(paths)

        monkeypatch.setattr(carrying, "sync_all", step)

    return arrange


@pytest.mark.parametrize("path", ["train.py", "src/model.py", "new/a"])
def test_a_save_while_files_are_changed_stays(
    repo: Repo, old: str, meanwhile: Meanwhile, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = walk(repo.path)
    meanwhile(lambda: repo.write(path, "saved meanwhile\n"))
    capfd.readouterr()
    assert run(["apply", old]) == 128
    assert f"error: '{path}' was changed meanwhile and stays, all else is as it was" in capfd.readouterr().err
    assert (repo.path / path).read_text() == "saved meanwhile\n"
    differs = {one for one in {*before, *walk(repo.path)} if walk(repo.path).get(one) != before.get(one)}
    assert differs <= {path, os.path.dirname(path)}
    assert not (repo.path / ".git/exp/applying.json").exists()
    (kept,) = (repo.path / ".git/exp/applied").iterdir()
    assert len(list((kept / "bytes").iterdir())) >= 3


@pytest.mark.parametrize("path", ["train.py", "src/model.py", "new/a"])
def test_so_it_does_while_they_are_undone(repo: Repo, old: str, meanwhile: Meanwhile, path: str) -> None:
    before = walk(repo.path)
    assert run(["apply", old]) == 0
    after = walk(repo.path)
    meanwhile(lambda: repo.write(path, "saved meanwhile\n"))
    assert run(["undo"]) == 128
    assert (repo.path / path).read_text() == "saved meanwhile\n"
    (repo.path / path).unlink()
    if path in after:
        repo.write(path, after[path][2])  # type: ignore[index]
    else:
        (repo.path / "src").rmdir()
    assert walk(repo.path) == after
    assert run(["undo"]) == 0
    assert walk(repo.path) == before


def test_another_name_of_a_file_that_goes_is_no_change(repo: Repo, old: str) -> None:
    """The time at which a file was changed is another then."""
    for name in ("src/twin_a", "src/twin_b"):
        repo.write(name, "twins\n")
    repo.commit("twins")
    (repo.path / "src/twin_b").unlink()
    os.link(repo.path / "src/twin_a", repo.path / "src/twin_b")
    assert run(["apply", old]) == 0
    assert not (repo.path / "src").exists()


def test_a_touch_is_no_change(repo: Repo, old: str, meanwhile: Meanwhile) -> None:
    meanwhile(lambda: os.utime(repo.path / "train.py"))
    assert run(["apply", old]) == 0
    assert (repo.path / "train.py").read_text() == "as it was\n"
