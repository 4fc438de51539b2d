"""The note that the hook before a commit leaves for the one that sees its message."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from gitexp.git.refs import is_name
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.repo import Repository
from gitexp.sharing import make_folder, share

_VERSION = 1
_LARGEST = 4096


class Pending(NamedTuple):
    """What is about to be committed in this working tree."""

    tree: Oid
    """The code tree."""
    run: RunName | None
    """The run of that state; None where there is none, and a message may name one that it had before."""


def leave(repo: Repository, pending: Pending | None) -> None:
    """Replaces what was noted before. Where nothing can be written the commit has no trailer."""
    path = _path(repo)
    if pending is None:
        with suppress(OSError):
            path.unlink()
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(OSError):
        make_folder(path.parent)
        temporary.write_text(json.dumps({"v": _VERSION, "tree": pending.tree, "run": pending.run}))
        share(temporary)
        temporary.replace(path)


def take(repo: Repository) -> Pending | None:
    """What was noted for this commit, and is for no other one; None where nothing was."""
    noted = read(repo)
    leave(repo, None)
    return noted


def read(repo: Repository) -> Pending | None:
    """What was noted last; None where nothing was, or it cannot be read."""
    with suppress(OSError, ValueError, LookupError, TypeError, RecursionError):
        with _path(repo).open("rb") as file:
            value = json.loads(file.read(_LARGEST))
        run = value["run"]
        if value["v"] == _VERSION and (run is None or is_name(run)):
            return Pending(Oid(str(value["tree"])), None if run is None else RunName(run))
    return None


def _path(repo: Repository) -> Path:
    """Each working tree has its own."""
    return repo.layout.git_dir / "exp" / "commit.json"
