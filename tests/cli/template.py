"""Repositories with runs that are recorded once for many tests: each gets a copy."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from gitexp.cli.boundary import run
from tests.cli.program import Program
from tests.gitrepo import Repo, init


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def record(slug: str, code: str) -> None:
    """A new run of a Python program, in the current folder."""
    assert run(["run", "--quiet", "--name", slug, "--", sys.executable, "-c", code]) == 0


def template(folder: Path, tell: Callable[[Repo], None]) -> Repo:
    """A new repository in which `tell` was called."""
    repo = init(folder / "repo", os.environ)
    with inside(repo.path):
        tell(repo)
    return repo


def use(exp: Program, source: Repo) -> list[str]:
    """Make the repository of `exp` a copy of `source`; the names of its runs, oldest first."""
    shutil.rmtree(exp.repo.path)
    shutil.copytree(source.path, exp.repo.path, symlinks=True)
    os.chdir(exp.repo.path)
    exp.repo.ticks = source.ticks
    refs = exp.repo.git("for-each-ref", "--format=%(refname:lstrip=2)", "refs/exp")
    return sorted(refs.splitlines())
