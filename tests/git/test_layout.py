"""Finding a repository of any kind from any place in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gitexp.errors import GitError, NotARepository
from gitexp.git.layout import discover
from gitexp.git.process import Git
from tests.gitrepo import Repo


def test_plain_from_a_subfolder(repo: Repo) -> None:
    layout = discover(repo.path / "src", repo.environ)
    assert (layout.git_dir, layout.common_dir) == (repo.path / ".git", repo.path / ".git")
    assert (layout.top, layout.prefix, layout.bare) == (repo.path, "src/", False)
    assert (layout.object_format, layout.ref_format) == ("sha1", "files")
    assert (layout.shallow, layout.partial) == (False, False)
    assert layout.index_file == repo.path / ".git" / "index"
    assert layout.packs.is_dir()


def test_bare_and_inside_a_git_folder(make_repo: Callable[..., Repo], repo: Repo) -> None:
    bare = make_repo("bare", "sha256")
    layout = discover(bare.path, bare.environ)
    assert (layout.bare, layout.top, layout.git_dir, layout.object_format) == (
        True,
        None,
        bare.path,
        "sha256",
    )
    inside = discover(repo.path / ".git" / "objects", repo.environ)
    assert (inside.bare, inside.top, inside.common_dir) == (False, None, repo.path / ".git")


def test_linked_worktree_shares_and_owns(make_repo: Callable[..., Repo]) -> None:
    linked = make_repo("worktree")
    main = linked.path.parent / "main" / ".git"
    layout = discover(linked.path, linked.environ)
    assert (layout.common_dir, layout.git_dir) == (main, main / "worktrees" / "linked")
    assert (layout.top, layout.index_file) == (linked.path, layout.git_dir / "index")


def test_submodule_and_separate_git_folder(make_repo: Callable[..., Repo]) -> None:
    lib = make_repo("submodule")
    layout = discover(lib.path, lib.environ)
    assert (layout.top, layout.git_dir) == (lib.path, lib.path.parent / ".git" / "modules" / "lib")
    apart = make_repo("separate")
    assert discover(apart.path, apart.environ).common_dir == apart.path.parent / "elsewhere.git"


def test_shallow_and_partial(make_repo: Callable[..., Repo]) -> None:
    shallow, partial = make_repo("shallow"), make_repo("partial")
    first, second = discover(shallow.path, shallow.environ), discover(partial.path, partial.environ)
    assert (first.shallow, first.partial) == (True, False)
    assert (second.shallow, second.partial) == (False, True)


def test_a_promisor_that_was_switched_off_is_none(repo: Repo) -> None:
    repo.git("config", "remote.x.promisor", "true")
    assert discover(repo.path, repo.environ).partial
    repo.git("config", "remote.x.promisor", "false")
    assert not discover(repo.path, repo.environ).partial


def test_the_places_that_the_environment_names(repo: Repo, tmp_path: Path) -> None:
    """As in a hook, or under `git --git-dir`."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environ = {
        **repo.environ,
        "GIT_DIR": "../repo/.git",
        "GIT_WORK_TREE": "../repo",
        "GIT_INDEX_FILE": "other",
    }
    layout = discover(elsewhere, environ)
    assert (layout.git_dir, layout.top) == (repo.path / ".git", repo.path)
    assert layout.index_file == repo.path / "other"
    git = Git(elsewhere, environ)
    assert git.at(repo.path / "src").run("rev-parse", "--show-toplevel").text == str(repo.path)
    assert "GIT_INDEX_FILE" not in git.environ


def test_no_repository(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(NotARepository, match="not a git repository") as caught:
        discover(tmp_path, {**environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
    assert caught.value.hint == "git init"


@pytest.mark.parametrize("below", ["", "src"])
def test_a_repository_that_git_does_not_take_for_one(repo: Repo, below: str) -> None:
    """`git init` is no advice there."""
    (repo.path / "src").mkdir(exist_ok=True)
    (repo.path / ".git/HEAD").write_text("garbage")
    with pytest.raises(NotARepository, match="not a git repository") as caught:
        discover(repo.path / below, repo.environ)
    assert str(caught.value.hint).startswith(f"git cannot use what is in '{repo.path / '.git'}'")


def test_a_folder_that_does_not_exist(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(GitError, match="does not exist"):
        discover(tmp_path / "none", environ)


def test_an_owner_that_git_does_not_trust(repo: Repo) -> None:
    environ = {**repo.environ, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    with pytest.raises(GitError, match="dubious ownership") as caught:
        discover(repo.path, environ)
    assert caught.value.hint == f"git config --global --add safe.directory {repo.path}"


def test_a_format_that_git_does_not_know(repo: Repo) -> None:
    repo.git("config", "core.repositoryFormatVersion", "1")
    repo.git("config", "extensions.fromTheFuture", "true")
    with pytest.raises(GitError, match="unknown repository extension"):
        discover(repo.path, repo.environ)


def test_names_with_spaces_and_bytes_that_are_not_utf8(tmp_path: Path, environ: dict[str, str]) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9 \xc3\xbc")
    odd.mkdir()
    Repo(odd, environ).git("init", "-q")
    assert discover(odd, environ).top == odd
