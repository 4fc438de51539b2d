"""What a run runs on and with, as a repository has it recorded."""

from __future__ import annotations

import sys

from gitexp.capture import environment
from gitexp.capture.interpreter import Interpreter
from gitexp.capture.snapshot import Snapshot
from gitexp.repo import Repository


def surroundings(
    repo: Repository, taken: Snapshot, python: Interpreter | None, *, in_process: bool = False
) -> environment.Environment:
    """The environment of a run with that code under that Python.

    `in_process` says whether this process is the one that runs: then its modules can be asked.
    """
    return environment.capture(
        interpreter=python,
        environ=repo.environ,
        modules=sys.modules if in_process else {},
        cwd=repo.cwd,
        top=repo.layout.top or repo.layout.git_dir,
        redactor=repo.redactor,
        allow=(*environment.VARIABLES, *repo.settings.variables),
        submodules=taken.submodules,
        remote_url=repo.config.get("remote.origin.url"),
    )
