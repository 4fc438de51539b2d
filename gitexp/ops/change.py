"""Changing many refs of ours at once: one transaction, one line in the log, loose refs packed."""

from __future__ import annotations

from collections.abc import Sequence

from gitexp.git.write import RefUpdate, publish
from gitexp.ops import operations
from gitexp.ops.operations import Operation
from gitexp.ops.tidy import pack_refs
from gitexp.ops.transaction import changing
from gitexp.repo import Repository


def change(
    repo: Repository,
    updates: Sequence[RefUpdate],
    operation: Operation | None = None,
    *,
    why: str | None = None,
) -> None:
    """Makes all `updates` in one transaction, durable when this returns, and logs the operation.

    With `why` the refs have reflogs, which it goes into.

    Raises RefChanged where a ref is not as expected (then nothing was changed), StorageFull or GitError.
    """
    with changing(repo, [update.ref for update in updates]) as git:
        publish(git, repo.layout, updates, why)
    if operation is not None:
        operations.log(repo, operation)
    pack_refs(repo)
