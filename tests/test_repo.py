"""Repositories as operations see them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitexp.errors import NotARepository, NotFound
from gitexp.repo import Repository
from tests.gitrepo import Repo


@pytest.mark.parametrize("folder", ["foo", "/foo", "/a/b/c/d"])
def test_a_run_variable_that_names_no_run_is_not_found(folder: str) -> None:
    with pytest.raises(NotFound) as caught:
        Repository.of_live(Path(folder), {})
    assert caught.value.hint == "unset GITEXP_RUN"


def test_a_path_behind_a_link_of_the_tree_keeps_its_name(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.csv").write_text("1")
    (repo.path / "linked").symlink_to(tmp_path / "elsewhere")
    opened = Repository.open(repo.path)
    assert opened.relative(repo.path / "linked" / "x.csv") == "linked/x.csv"
    assert opened.relative(repo.path / "src" / ".." / "a.txt") == "a.txt"
    assert opened.relative(tmp_path / "elsewhere" / "x.csv") is None


def test_git_dir_that_is_none_is_named(repo: Repo, environ: dict[str, str]) -> None:
    with pytest.raises(NotARepository, match="/nope") as caught:
        Repository.open(repo.path, {**environ, "GIT_DIR": "/nope"})
    assert caught.value.hint == "unset GIT_DIR"
