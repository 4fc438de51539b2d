"""What a run runs on and with, as a repository has it recorded."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from gitexp.capture import environment, provenance
from gitexp.capture.interpreter import Interpreter
from gitexp.capture.snapshot import Snapshot
from gitexp.errors import GitExpError
from gitexp.git.objects import Entry
from gitexp.model.values import Value
from gitexp.repo import Repository


def surroundings(
    repo: Repository,
    taken: Snapshot,
    python: Interpreter | None,
    *,
    in_process: bool = False,
    folder: str | None = None,
) -> environment.Environment:
    """The environment of a run with that code under that Python.

    `in_process` says whether this process is the one that runs: then its modules can be asked. `folder` is
    where it runs in code that is not that of the working tree: its lock files are the code's own.
    """
    found = _captured(repo, taken, python, in_process=in_process, working_tree=folder is None)
    locks = {} if folder is None else _lock_files(repo, taken, folder)
    return replace(found, env=dict(sorted({**found.env, "lock_files": locks}.items()))) if locks else found


def _captured(
    repo: Repository, taken: Snapshot, python: Interpreter | None, *, in_process: bool, working_tree: bool
) -> environment.Environment:
    return environment.capture(
        interpreter=python,
        environ=repo.environ,
        modules=sys.modules if in_process else {},
        cwd=repo.cwd,
        top=(repo.layout.top or repo.layout.git_dir) if working_tree else None,
        redactor=repo.redactor,
        allow=(*environment.VARIABLES, *repo.settings.variables),
        submodules=taken.submodules,
        remote_url=repo.config.get("remote.origin.url"),
    )


def _lock_files(repo: Repository, taken: Snapshot, folder: str) -> dict[str, Value]:
    """Path -> sha256 of the lock files at the root of the code and in the folder, as of a working tree."""
    found: dict[str, Value] = {}
    for place in dict.fromkeys(("", "" if folder == "." else f"{folder}/")):
        for entry in _entries(repo, taken.entries, place):
            name = entry.name.decode("utf-8", "replace")
            if entry.mode & 0o170000 == 0o100000 and provenance.is_lock_file(name):
                with suppress(GitExpError):
                    found[place + name] = hashlib.sha256(repo.reader.read(entry.oid)[1]).hexdigest()
    return dict(sorted(found.items()))


def _entries(repo: Repository, root: Sequence[Entry], place: str) -> Sequence[Entry]:
    """What is in a folder of the code; nothing where there is none."""
    entries = root
    for part in place.split("/")[:-1]:
        inner = next((one for one in entries if one.is_folder and one.name == part.encode()), None)
        try:
            entries = repo.reader.entries(inner.oid) if inner else []
        except GitExpError:  # it was rewritten for this run, and is not in the repository yet
            return []
    return entries
