"""A working tree as it stands, for comparing: bytes, permissions, link targets, folders."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from tests.gitrepo import Repo
from tests.reliability.checks import users_things


def walk(root: Path) -> dict[str, object]:
    """What stands at every path but git's own."""
    found: dict[str, object] = {}
    for folder, folders, files in os.walk(root):
        if ".git" in folders:
            folders.remove(".git")
        for name in (*folders, *files):
            path = Path(folder, name)
            if name != ".git":
                found[path.relative_to(root).as_posix()] = _standing(path)
    return found


def _standing(path: Path) -> object:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return "link", os.readlink(path)
    if stat.S_ISDIR(mode):
        return "folder", oct(mode)
    return "file", oct(mode), path.read_bytes()


def files_of(standing: Mapping[str, object]) -> dict[str, object]:
    """The walk without its folders."""
    return {
        path: one for path, one in standing.items() if not (isinstance(one, tuple) and one[0] == "folder")
    }


def aside_from_files(repo: Repo) -> dict[str, object]:
    """HEAD, index, stash, reflogs, branches: what nothing but the user changes."""
    return {key: value for key, value in users_things(repo).items() if key not in ("files", "status")}
