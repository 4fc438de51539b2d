"""Our hooks, and which of git's call them."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from gitexp.errors import GitExpError
from gitexp.repo import Repository

TIMEOUT = 10
"""Seconds that a hook which talks to a remote may take."""


# No data classes: to make one of those takes as long as eight of these, and a commit waits.


class Call(NamedTuple):
    """How a hook was called."""

    git_hook: str | None = None
    """git's own name of the hook; None where ours was called by its name, as frameworks do."""
    arguments: tuple[str, ...] = ()
    """What git hands to its hook."""
    timeout: int = TIMEOUT
    strict: bool = False
    """Whether capture refuses a commit while inputs are missing."""
    stdin: bytes = b""
    """What git sends to its hook; empty but for those in SENT_TO."""


class Answer(NamedTuple):
    """What came of it."""

    refusals: tuple[GitExpError, ...] = ()
    """Why git is to stop, each with the command that mends it."""
    failures: tuple[GitExpError, ...] = ()
    """What went wrong; git goes on."""


class Hook(Protocol):
    """A module that is a hook."""

    def run(self, repo: Repository, call: Call) -> Answer:
        """Raises GitExpError or OSError where it cannot do its work: that is told, and git goes on."""


class Entry(NamedTuple):
    """Where a hook is, and when it is called."""

    module: str
    git_hooks: tuple[str, ...]


HOOKS = {
    "guard": Entry("gitexp.ops.hooks.guard", ("pre-commit",)),
    "capture": Entry("gitexp.ops.hooks.capture", ("pre-commit",)),
    "link": Entry("gitexp.ops.hooks.link", ("commit-msg",)),
    "push": Entry("gitexp.ops.hooks.push", ("pre-push",)),
}
"""Name -> hook. Those that one hook of git calls are called in this order."""

GIT_HOOKS = tuple(dict.fromkeys(name for one in HOOKS.values() for name in one.git_hooks))
"""The hooks of git that call ours."""

SENT_TO = ("pre-push", "post-rewrite")
"""The hooks that git sends something to, on their stdin."""


def hooks_of(name: str) -> list[str]:
    """Ours, if it is the name of one, or all that a hook of git's calls."""
    return [name] if name in HOOKS else [hook for hook, one in HOOKS.items() if name in one.git_hooks]
