"""Where a remote keeps runs: as refs of their own, or as branches where its host takes nothing else."""

from __future__ import annotations

from enum import Enum

from gitexp.errors import GitError
from gitexp.git.config import Config
from gitexp.git.refs import BRANCHES, EXP
from gitexp.repo import Repository


class Layout(str, Enum):
    """The kinds of places."""

    REFS = "refs"
    BRANCHES = "branches"


def layout_of(config: Config, remote: str) -> Layout:
    """The layout that `remote.<name>.expLayout` gives a remote. Raises GitError for an unknown one."""
    key = f"remote.{remote}.expLayout"
    text = config.get(key, Layout.REFS.value)
    try:
        return Layout(text)
    except ValueError:
        raise GitError(f"bad config value {text!r} for '{key}'", hint=f"git config {key} refs") from None


def namespace(config: Config, remote: str) -> str:
    """What the refs of runs begin with on that remote."""
    return BRANCHES if layout_of(config, remote) is Layout.BRANCHES else EXP


def set_layout(repo: Repository, remote: str, layout: Layout) -> None:
    """Remember the layout of a remote, in this clone's configuration. Raises GitError."""
    repo.git.run("config", f"remote.{remote}.expLayout", layout.value)
    vars(repo).pop("config", None)
