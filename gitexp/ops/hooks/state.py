"""What stands in the hooks folder of a repository."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from gitexp.ops.hooks.folder import HooksFolder, find_folder
from gitexp.ops.hooks.framework import listed
from gitexp.ops.hooks.stubs import (
    BEFORE,
    LEGACY,
    VERSION,
    calls_ours,
    framework_of,
    is_edited,
    read_script,
    version_of,
)
from gitexp.ops.hooks.table import GIT_HOOKS, hooks_of
from gitexp.repo import Repository


class State(str, Enum):
    """How one of git's hooks stands to ours."""

    INSTALLED = "installed"
    CALLED = "called"
    """By what somebody else has put there."""
    OLDER = "older version"
    NEWER = "newer version"
    EDITED = "edited"
    """Ours, changed by somebody."""
    FOREIGN = "foreign"
    """Something stands there that does not call ours."""
    ABSENT = "not installed"

    @property
    def is_ours(self) -> bool:
        """Whether a script of ours stands there."""
        return self in (State.INSTALLED, State.OLDER, State.NEWER, State.EDITED)

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
    """Where ours stands, or would."""
    before: Path | None = None
    """What stood there before: called first by ours or, where that is gone, left behind."""
    framework: str | None = None
    """`pre-commit` or `prek`, where git calls that, which calls ours, or would."""


def look(repo: Repository, folder: HooksFolder | None = None) -> list[HookState]:
    """Each of git's hooks that ours need. Raises what `find_folder` does, OSError."""
    folder = find_folder(repo) if folder is None else folder
    assert repo.layout.top is not None
    configured = listed(repo.layout.top)
    return [_look(folder, name, configured) for name in GIT_HOOKS]


def _look(folder: HooksFolder, name: str, configured: frozenset[str]) -> HookState:
    path = (folder.scripts or folder.path) / name
    script = read_script(path)
    framework = framework_of(script) if script else None
    if framework is not None:
        # It makes its script anew at any time. What it found there when it came is called by it, for ever.
        path = path.with_name(name + LEGACY)
        script = read_script(path)
    state = _state(name, script)
    if framework is not None and not state.works and configured.issuperset(hooks_of(name)):
        state = State.CALLED
    before = path.with_name(name + BEFORE)
    return HookState(name, state, path, before if os.path.lexists(before) else None, framework)


def _state(name: str, script: bytes | None) -> State:
    if script is None:
        return State.ABSENT
    version = version_of(script)
    if version is None:
        return State.CALLED if calls_ours(script, name) else State.FOREIGN
    if is_edited(script):
        return State.EDITED
    if version == VERSION:
        return State.INSTALLED
    return State.OLDER if version < VERSION else State.NEWER
