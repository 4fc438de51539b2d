"""What is known of a run later: `run.yaml` changed by a commit on top."""

from __future__ import annotations

from collections.abc import Callable

from gitexp.git.objects import ObjectBuilder
from gitexp.model.names import RunName
from gitexp.model.record import RunInfo
from gitexp.model.values import Oid
from gitexp.ops.commit import trailing
from gitexp.ops.on_top import put_on_top
from gitexp.ops.tip import Tip
from gitexp.repo import Repository


def amend(repo: Repository, name: RunName, edit: Callable[[RunInfo], RunInfo], told: str) -> Oid:
    """The run's new tip: a commit that changes `run.yaml` as `edit` does, and whose subject tells `told`.

    Raises NotFound, BrokenRecord, GitError or OSError.
    """

    def made(tip: Tip, builder: ObjectBuilder) -> Oid:
        after = edit(tip.info)
        message = f"exp {name}: {told}\n\n{trailing(after)}"
        return tip.commit_with(builder, after, repo.config.identity(repo.environ), message)

    return put_on_top(repo, name, made, f"{told} {name}")
