"""What stands in the hooks folder of a repository."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from gitexp.ops.hooks.folder import HooksFolder, find_folder
from gitexp.ops.hooks.framework import listed
from gitexp.ops.hooks.stubs import BEFORE, LEGACY, VERSION, calls_ours, framework_of, read_script, version_of
from gitexp.ops.hooks.table import GIT_HOOKS, hooks_of
from gitexp.repo import Repository


class State(str, Enum):
    """How one of git's hooks stands to ours."""

    INSTALLED = "installed"
    CALLED = "called"
    """By what somebody else has put there."""
    OLDER = "older version"
    NEWER = "newer version"
    FOREIGN = "foreign"
    """Something stands there that does not call ours."""
    ABSENT = "not installed"

    @property
    def works(self) -> bool:
        """Whether ours is called."""
        return self not in (State.FOREIGN, State.ABSENT)


@dataclass(frozen=True, slots=True)
class HookState:
    """One of git's hooks."""

    name: str
    state: State
    path: Path
    """Where it stands, or would."""
    before: Path | None = None
    """What stood there before, and is called first."""
    framework: str | None = None
    """`pre-commit` or `prek`, where that calls ours or is called by it."""


def look(repo: Repository, folder: HooksFolder | None = None) -> list[HookState]:
    """Each of git's hooks that ours need. Raises what `find_folder` does, OSError."""
    folder = find_folder(repo) if folder is None else folder
    assert repo.layout.top is not None
    configured = listed(repo.layout.top)
    return [_look(folder, name, configured) for name in GIT_HOOKS]


def _look(folder: HooksFolder, name: str, configured: frozenset[str]) -> HookState:
    path = (folder.scripts or folder.path) / name
    script = read_script(path)
    if script is None:
        return HookState(name, State.ABSENT, path)
    version = version_of(script)
    if version is not None:
        before = path.with_name(name + BEFORE)
        chained = read_script(before)
        made = framework_of(chained) if chained else None
        return HookState(name, _by_age(version), path, before if chained is not None else None, made)
    framework = framework_of(script)
    if framework is None:
        return HookState(name, State.CALLED if calls_ours(script, name) else State.FOREIGN, path)
    legacy = read_script(path.with_name(name + LEGACY))
    called = configured.issuperset(hooks_of(name)) or (legacy and version_of(legacy) is not None)
    return HookState(name, State.CALLED if called else State.FOREIGN, path, framework=framework)


def _by_age(version: int) -> State:
    if version == VERSION:
        return State.INSTALLED
    return State.OLDER if version < VERSION else State.NEWER
