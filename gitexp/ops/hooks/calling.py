"""Our hooks called: what one of them comes to never keeps git from going on, unless it refuses."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from gitexp.errors import GitExpError
from gitexp.ops.hooks.table import HOOKS, Answer, Call, Hook, hooks_of
from gitexp.repo import Repository

SKIP = "GITEXP_SKIP"
"""A variable: 1 leaves out all our hooks, names with commas between them those."""


def call(repo: Repository, name: str, how: Call) -> Answer:
    """What the hook `name` of ours says, or all that git's hook `name` calls."""
    refusals: list[GitExpError] = []
    failures: list[GitExpError] = []
    for hook in hooks_of(name):
        if refusals:
            # What is not committed is not to be recorded.
            break
        try:
            answer = _called(repo, hook, how)
        except GitExpError as error:
            answer = Answer(failures=(error,))
        except OSError as error:
            answer = Answer(failures=(GitExpError(f"hook {hook}: {error}"),))
        refusals += answer.refusals
        failures += answer.failures
    return Answer(tuple(refusals), tuple(failures))


def _called(repo: Repository, hook: str, how: Call) -> Answer:
    if not _is_on(repo, hook):
        return Answer()
    return cast(Hook, import_module(HOOKS[hook].module)).run(repo, how)


def _is_on(repo: Repository, hook: str) -> bool:
    skipped = repo.environ.get(SKIP, "").replace(",", " ").split()
    if "1" in skipped or hook in skipped:
        return False
    return repo.config.bool("exp.hooks", True) and repo.config.bool(f"exp.hook.{hook}", True)
