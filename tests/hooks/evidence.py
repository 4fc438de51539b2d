"""Commits made with our hooks in place, and what is known of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from gitexp.cli.boundary import run as run_program
from gitexp.formats.trailers import named
from gitexp.repo import Repository
from tests.gitrepo import Repo


def install(repo: Repo) -> None:
    """Our hooks, called by git."""
    before = Path.cwd()
    os.chdir(repo.path)
    try:
        assert run_program(["hooks", "install", "-q"]) == 0
    finally:
        os.chdir(before)


def git(repo: Repo, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """What git does and says, with hooks and all."""
    return subprocess.run(
        ["git", *arguments],
        cwd=repo.path,
        env={**repo.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def message(repo: Repo, revision: str = "HEAD") -> str:
    return repo.git("log", "-1", "--format=%B", revision)


def names(repo: Repo, revision: str = "HEAD") -> list[str]:
    """The runs that the message of a commit names, in its order."""
    return list(named(message(repo, revision).encode()))


def runs(repo: Repo) -> set[str]:
    return {ref.removeprefix("refs/exp/") for ref in repo.refs("refs/exp/")}


def code(repo: Repo, revision: str = "HEAD") -> str:
    """The code tree of a commit, made by plain git."""
    index = {"GIT_INDEX_FILE": str(repo.path / ".git-code-index")}
    repo.git("read-tree", revision, **index)
    repo.git("rm", "-rq", "--cached", "--ignore-unmatch", ".exp", **index)
    tree = repo.git("write-tree", **index)
    os.unlink(index["GIT_INDEX_FILE"])
    return tree


def opened(repo: Repo) -> Repository:
    return Repository.open(repo.path, repo.environ)
