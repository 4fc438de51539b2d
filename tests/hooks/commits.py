"""What people do with git while hooks are there, and what must be the same with and without them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gitexp.cli.boundary import run as run_program
from gitexp.ops.hooks.framework import lines
from gitexp.ops.hooks.table import GIT_HOOKS, HOOKS
from tests.gitrepo import Repo

CONFIG = "repos:\n" + "".join(f"{line}\n" for line in lines(list(HOOKS)))
"""All of our hooks, as a framework calls them."""


def plain(repo: Repo) -> None:
    """The scripts of ours in the repository's own folder."""
    install(repo)


def hooks_path(repo: Repo) -> None:
    """The scripts of ours in a folder of the user's."""
    repo.git("config", "core.hooksPath", str(repo.path.parent / "my hooks"))
    install(repo)


def framework(program: str) -> Callable[[Repo], None]:
    """pre-commit or prek, which call ours."""

    def set_up(repo: Repo) -> None:
        called = [part for name in GIT_HOOKS for part in ("-t", name)]
        command = [program, "install", *called]
        subprocess.run(command, cwd=repo.path, env=repo.environ, check=True, capture_output=True)

    return set_up


WAYS: Mapping[str, Callable[[Repo], None]] = {
    "plain": plain,
    "core.hooksPath": hooks_path,
    "pre-commit": framework("pre-commit"),
    "prek": framework("prek"),
}


def install(repo: Repo) -> None:
    before = Path.cwd()
    os.chdir(repo.path)
    try:
        assert run_program(["hooks", "install", "-q"]) == 0
    finally:
        os.chdir(before)


def commit(
    repo: Repo, *arguments: str, folder: str = ".", **environ: str
) -> subprocess.CompletedProcess[str]:
    """`git commit` as people type it, in a folder of the working tree."""
    return subprocess.run(
        ["git", "commit", "-q", *arguments],
        cwd=repo.path / folder,
        env={**repo.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def state(repo: Repo) -> dict[str, Any]:
    """All that no hook of ours may change, without the ids of commits."""
    files = (path for path in repo.path.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {
        "index": repo.git("ls-files", "--stage"),
        "HEAD": repo.git("rev-parse", "HEAD^{tree}"),
        "status": repo.git("status", "--porcelain=v2", "--untracked-files=all"),
        "files": {str(one.relative_to(repo.path)): (one.read_bytes(), one.stat().st_mode) for one in files},
        "stash": repo.git("stash", "list"),
        "commits": repo.git("rev-list", "--count", "HEAD"),
    }


def partly(repo: Repo) -> None:
    """A file is staged, and edited once more."""
    repo.write("train.py", "print('staged')\n")
    repo.git("add", "train.py")
    repo.write("train.py", "print('staged')\nprint('not staged')\n")
    repo.write("new.txt", "untracked\n")
    assert commit(repo, "-m", "partly").returncode == 0


def one_file(repo: Repo) -> None:
    """One file is committed while another one is staged."""
    repo.write("params.yaml", "lr: 0.2\n")
    repo.write("src/model.py", "WIDTH = 4\n")
    repo.git("add", "params.yaml")
    assert commit(repo, "-m", "one file", "model.py", folder="src").returncode == 0


def everything(repo: Repo) -> None:
    """`commit -a`, from a subfolder."""
    repo.write("data/a b.txt", "three\n")
    (repo.path / "data" / "naïve.txt").unlink()
    assert commit(repo, "-a", "-m", "everything", folder="data").returncode == 0


def amended(repo: Repo) -> None:
    repo.write("train.py", "print('amended')\n")
    assert commit(repo, "--amend", "--no-edit", "train.py").returncode == 0


STORY: Sequence[Callable[[Repo], None]] = (partly, one_file, everything, amended)
