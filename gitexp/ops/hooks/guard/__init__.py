"""exp-guard: what would be regretted once it is committed is refused, with the command that mends it."""

from __future__ import annotations

from gitexp.errors import GitExpError
from gitexp.ops.hooks.guard import files, record, texts
from gitexp.ops.hooks.guard.staged import staged
from gitexp.ops.hooks.table import Answer, Call
from gitexp.repo import Repository


def run(repo: Repository, call: Call) -> Answer:
    """What is staged, looked at as the staged `.gitexp.yaml` says."""
    with staged(repo) as found:
        guard = found.settings.guard
        refusals: list[GitExpError] = []
        if guard.large:
            refusals += files.large(repo, found)
        if guard.pointers:
            refusals += files.unresolved(repo, found)
        refusals += texts.look(repo, found)
        if guard.stale:
            refusals += record.stale(repo, found)
    return Answer(tuple(refusals), found.settings.unknown)
