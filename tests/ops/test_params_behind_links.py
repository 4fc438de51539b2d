"""`-S` on a params file that is a link, or lies behind one: the user's own file is never written to."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitexp.errors import UsageError
from gitexp.formats.assignment import parse_assignment
from gitexp.ops.execute import Request, execute
from gitexp.ops.isolate import overlay, stays_inside
from gitexp.ops.read import StoredRun
from gitexp.ops.resolve import resolve
from gitexp.repo import Repository
from tests.gitrepo import Repo

OWN = "lr: 0.1 # mine\n"


@pytest.fixture
def elsewhere(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside of the repository, in which the test does not stand."""
    monkeypatch.chdir(repo.path)
    folder = tmp_path / "else where"
    folder.mkdir()
    (folder / "p.yaml").write_text(OWN)
    return folder


def cat(path: str) -> StoredRun:
    """`git exp run -S lr=9 --param-file PATH -- cat PATH`."""
    repo = Repository.open()
    change = (parse_assignment("lr=9"),)
    return resolve(repo, execute(repo, Request(("cat", path), assignments=change, param_files=(path,))).name)


def test_a_params_file_in_an_ignored_folder_is_a_copy(repo: Repo, elsewhere: Path) -> None:
    repo.write(".gitignore", "conf")
    repo.write("conf/p.yaml", OWN)
    repo.write("conf/other", "linked")
    assert cat("conf/p.yaml").log() == b"lr: 9 # mine\n"
    assert (repo.path / "conf/p.yaml").read_text() == OWN
    (repo.path / "conf").rename(repo.path / "was")
    (repo.path / "conf").symlink_to(elsewhere)
    assert cat("conf/p.yaml").log() == b"lr: 9 # mine\n"
    assert (elsewhere / "p.yaml").read_text() == OWN


def test_a_params_file_behind_a_tracked_link_is_refused(repo: Repo, elsewhere: Path) -> None:
    (repo.path / "conf").symlink_to(elsewhere)
    with pytest.raises(UsageError, match="lies behind a link"):
        cat("conf/p.yaml")
    assert (elsewhere / "p.yaml").read_text() == OWN
    assert not list((repo.path / ".git/exp/live").iterdir())


def test_a_params_file_that_is_a_link_becomes_a_file_of_the_run(repo: Repo, elsewhere: Path) -> None:
    (repo.path / "own.yaml").symlink_to(elsewhere / "p.yaml")
    run = cat("own.yaml")
    assert run.log() == b"lr: 9 # mine\n"
    assert (elsewhere / "p.yaml").read_text() == OWN
    assert repo.git("ls-tree", f"exp/{run.name}", "own.yaml").startswith("100644 blob ")
    repo.fsck()


def test_only_what_stays_in_the_worktree_is_written(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "out").symlink_to(tmp_path)
    assert stays_inside(root, "a/b.yaml")
    assert stays_inside(root, "out")  # the link itself
    assert not stays_inside(root, "out/b.yaml")
    assert not stays_inside(root, "../b.yaml")
    overlay(root, {"a/b.yaml": b"x"})
    assert (root / "a/b.yaml").read_bytes() == b"x"
    with pytest.raises(UsageError):
        overlay(root, {"out/b.yaml": b"x"})
    assert not (tmp_path / "b.yaml").exists()
