"""exp-guard: what would be regretted once it is committed is refused, with the command that mends it."""

from __future__ import annotations

from gitexp.errors import GitExpError
from gitexp.ops.hooks.guard import files
from gitexp.ops.hooks.guard.kinds import RECORD, is_read
from gitexp.ops.hooks.guard.staged import Staged, staged
from gitexp.ops.hooks.table import Answer, Call
from gitexp.repo import Repository


def run(repo: Repository, call: Call) -> Answer:
    """What is staged, looked at as the staged `.gitexp.yaml` says."""
    with staged(repo) as found:
        refusals: list[GitExpError] = []
        if found.settings.guard.large:
            refusals += files.large(repo, found)
        if found.settings.guard.pointers:
            refusals += files.unresolved(repo, found)
        refusals += _read(repo, found)
        failures = found.settings.unknown if found.broken is None else (found.broken,)
        claimed = _claimed(repo, found)
    return Answer((*refusals, *claimed.refusals), (*failures, *claimed.failures))


def _read(repo: Repository, found: Staged) -> list[GitExpError]:
    """What needs modules that most commits do not: they are imported where there is something for them."""
    refusals: list[GitExpError] = []
    if any(is_read(found.settings, file.path) for file in found.files):
        from gitexp.ops.hooks.guard import texts

        refusals += texts.look(repo, found)
    if found.settings.guard.stale and (data := found.read(f"{RECORD}run.yaml")) is not None:
        from gitexp.ops.hooks.guard import record

        refusals += record.stale(repo, found.git, data)
    return refusals


def _claimed(repo: Repository, found: Staged) -> Answer:
    """Where nothing can be told of the run whose record is committed, other refusals stand all the same."""
    data = found.read(f"{RECORD}run.yaml") if found.settings.audit.demands else None
    if data is None:
        return Answer()
    from gitexp.ops.hooks.guard import claimed

    try:
        return Answer(tuple(claimed.incomplete(repo, found.settings, data)))
    except GitExpError as error:
        return Answer(failures=(error,))
