"""What reaches the git program, and what becomes of its failures."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from gitexp.errors import GitError, StorageFull
from gitexp.git.process import Git, Result, error
from tests.gitrepo import Repo


def test_every_call_gets_our_options_and_no_hooks(repo: Repo) -> None:
    git = Git(repo.path, repo.environ)
    assert git.run("config", "core.fsync").text == "all"
    assert git.run("config", "gc.auto").text == "0"
    assert git.run("config", "core.hooksPath").text == "/dev/null"
    assert git.run("config", "core.hooksPath", check=False, user_hooks=True).code == 1
    assert (git.environ["LC_ALL"], git.environ["GIT_TERMINAL_PROMPT"]) == ("C", "0")


def test_settings_given_on_the_command_line_of_git_exp_are_honoured(repo: Repo) -> None:
    git = Git(repo.path, {**repo.environ, "GIT_CONFIG_PARAMETERS": "'exp.x'='y'"})
    assert git.run("config", "exp.x").text == "y"
    assert git.run("config", "core.fsync").text == "all"


def test_what_an_enclosing_git_set_does_not_reach_ours(repo: Repo) -> None:
    outer = {
        "GIT_INDEX_FILE": "/nowhere/index",
        "GIT_OBJECT_DIRECTORY": "/nowhere",
        "GIT_QUARANTINE_PATH": "/nowhere",
    }
    git = Git(repo.path, {**repo.environ, **outer})
    assert git.run("write-tree").text == repo.git("rev-parse", "HEAD^{tree}")
    empty = git.run("write-tree", env={"GIT_INDEX_FILE": str(repo.path / "none")}).text
    assert empty == repo.git("hash-object", "-t", "tree", "--stdin", input="")


def test_a_failure_is_told_in_the_words_of_git(repo: Repo) -> None:
    git = Git(repo.path, repo.environ)
    with pytest.raises(GitError, match=r"^ambiguous argument 'none'"):
        git.run("log", "none")
    assert git.run("log", "none", check=False).code == 128


def test_no_git(repo: Repo) -> None:
    with pytest.raises(GitError, match="git was not found") as caught:
        Git(repo.path, {**repo.environ, "PATH": "/nowhere"}).run("version")
    assert caught.value.hint is not None


@pytest.mark.parametrize(
    ("said", "look"),
    [
        (b"error: unable to write file x: No space left on device\n", "df"),
        (b"fatal: Unable to create '/r/.git/index.lock': Read-only file system\n", "findmnt"),
        (
            b"error: insufficient permission for adding an object to repository database .git/objects\n",
            "ls -ld",
        ),
        (b"fatal: Unable to create temporary file '/r/x': Permission denied\n", "ls -ld"),
        (b"fatal: sha1 file '/r/x' write error. Disk quota exceeded\n", "df"),
        (b"error: cannot update ref 'refs/exp/a': couldn't write '/r/a.lock'\n", "df"),
    ],
)
def test_a_store_that_takes_nothing_is_told_apart_and_where_to_look(said: bytes, look: str) -> None:
    found = error(Result(128, b"", said), ["index-pack"])
    assert type(found) is StorageFull
    assert look in str(found.hint)
    denied = Result(
        128, b"", b"git@host: Permission denied (publickey).\nfatal: Could not read from remote repository.\n"
    )
    assert type(error(denied, ["fetch"])) is GitError


def test_a_failure_without_words_still_says_what_failed() -> None:
    assert error(Result(3, b"", b""), ["gc", "-q"]).message == "'git gc' failed with exit code 3"
    assert error(Result(-9, b"", b""), ["gc", "-q"]).message == "'git gc' was ended by signal 9"


def test_a_held_lock_lives_as_long_as_the_git_process(repo: Repo, tmp_path: Path) -> None:
    path = tmp_path / "lock"

    def is_free() -> bool:
        with open(path, "wb") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    process = Git(repo.path, repo.environ).holding(descriptor).start("cat-file", "--batch")
    os.close(descriptor)
    assert not is_free()
    process.communicate(b"")
    assert is_free()
    assert process.returncode == 0


def test_pass_fds_reach_one_call(repo: Repo, tmp_path: Path) -> None:
    read, write = os.pipe()
    git = Git(repo.path, repo.environ)
    git.run("-c", f"alias.tell=!echo told >/dev/fd/{write}", "tell", pass_fds=[write])
    os.close(write)
    assert os.read(read, 10) == b"told\n"
    os.close(read)
