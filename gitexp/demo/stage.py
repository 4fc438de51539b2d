"""Where the demo takes place: a new repository with a little history, and the environment of its commands."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from gitexp.demo.story import COMMITS, STORED_AS, Add, Edit
from gitexp.errors import GitExpError, UsageError
from gitexp.git.process import Git
from gitexp.git.refs import list_runs
from gitexp.repo import RUN_VARIABLE, TRACE_VARIABLE

_PROJECT = Path(__file__).parent / "project"
_PACKAGES = Path(__file__).parents[2]


def check() -> None:
    """Raises GitExpError where the demo has nothing to train on."""
    from importlib.util import find_spec

    if find_spec("sklearn") is None:
        raise GitExpError("the demo needs scikit-learn", hint="pip install 'gitexp[demo]'")


def lay_out(folder: Path, environ: Mapping[str, str]) -> None:
    """Make a repository with the project's history in `folder`, which must be new or empty.

    Raises UsageError, GitError.
    """
    if folder.exists() and not (folder.is_dir() and not os.listdir(folder)):
        raise UsageError(f"{str(folder)!r} is not an empty folder", hint="git exp demo NEW-FOLDER")
    folder.mkdir(parents=True, exist_ok=True)
    git = Git(folder, environ)
    git.run("init", "--quiet", "--template=", "--initial-branch=main")
    if not _has_identity(git, environ):
        git.run("config", "user.name", "git exp demo")
        git.run("config", "user.email", "demo@example.com")
    for subject, paths in COMMITS:
        for path in paths:
            add(folder, Add(path))
        git.run("add", "--", *paths)
        git.run("-c", "commit.gpgSign=false", "commit", "--quiet", "--message", subject)


def add(folder: Path, step: Add) -> None:
    """Write a file of the project."""
    (folder / step.path).write_bytes((_PROJECT / STORED_AS.get(step.path, step.path)).read_bytes())


def edit(folder: Path, step: Edit) -> None:
    """Change a file of the project."""
    path = folder / step.path
    text = path.read_text("utf-8")
    for old, new in step.changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


def run_names(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The runs of the repository by the slug that they were given."""
    listed = list_runs(Git(folder, environ)).runs
    return {name.rpartition("-")[0]: name for name, _ in listed}


def environment(shims: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment in which `python` and `git exp` are those that run now, and no repository is chosen.

    Where this Python's own folder lacks one of the two, a script for it is put into `shims`.
    """
    local = Git(shims, environ).run("rev-parse", "--local-env-vars").text.split()
    inherited = {*local, RUN_VARIABLE, TRACE_VARIABLE}
    kept = {name: value for name, value in environ.items() if name not in inherited}
    programs = Path(sys.executable).parent
    for name, command in (("python", [sys.executable]), ("git-exp", [sys.executable, "-m", "gitexp"])):
        if not (programs / name).exists():
            _write_script(shims / name, command)
    path = [str(shims), str(programs), kept.get("PATH", os.defpath)]
    modules = [str(_PACKAGES), kept.get("PYTHONPATH", "")]
    return {
        **kept,
        "PATH": os.pathsep.join(path),
        "PYTHONPATH": os.pathsep.join(filter(None, modules)),
        "GIT_PAGER": "cat",
        "PAGER": "cat",
    }


def _has_identity(git: Git, environ: Mapping[str, str]) -> bool:
    """Whether the user told git who they are; what git would guess is not wanted in commits."""
    if environ.get("GIT_AUTHOR_EMAIL") and environ.get("GIT_COMMITTER_EMAIL"):
        return True
    return git.run("config", "user.email", check=False).code == 0


def _write_script(path: Path, command: list[str]) -> None:
    path.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    path.chmod(0o755)
