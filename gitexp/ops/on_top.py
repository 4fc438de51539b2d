"""A commit on top of a run, whatever it changes: made anew where somebody else was faster."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from gitexp.capture.snapshot import RECORD_FOLDER
from gitexp.errors import NotFound, RefChanged, UsageError
from gitexp.git.objects import FOLDER, Entry, ObjectBuilder
from gitexp.git.refs import run_ref
from gitexp.git.write import RefUpdate
from gitexp.model.names import RunName
from gitexp.model.record import Status
from gitexp.model.values import Oid
from gitexp.ops.archive.names import places
from gitexp.ops.change import change
from gitexp.ops.commit import RecordTree, stored, trailing
from gitexp.ops.operations import Operation
from gitexp.ops.recorded import recorded_blobs
from gitexp.ops.tip import Tip
from gitexp.ops.turns import outrun, turns
from gitexp.repo import Repository


def put_on_top(repo: Repository, name: RunName, made: Callable[[Tip, ObjectBuilder], Oid], told: str) -> Oid:
    """The run's new tip: the commit that `made` makes on the one that it is given; undo tells it as `told`.

    Raises NotFound, BrokenRecord, GitError, OSError, and whatever `made` raises.
    """
    for _ in turns(repo):
        own, tips = places(repo)
        if name not in tips:
            raise NotFound(f"run {name!r} is gone", hint=f"git exp restore {name}")
        tip = Tip.read(repo, tips[name], name)
        builder = ObjectBuilder(repo.layout.object_format)
        commit = made(tip, builder)
        # An archived run gets a ref of its own, which wins over the archive.
        update = RefUpdate(run_ref(name), commit, own.get(name))
        with stored(repo, builder), suppress(RefChanged):
            change(repo, [update], Operation(told, (update,)))
            return commit
    raise outrun([name])


def check_ended(tip: Tip) -> None:
    """Raises UsageError for a run that still writes its results itself."""
    if tip.info.status is Status.RUNNING:
        raise UsageError(f"run {tip.info.name!r} is still running", hint="wait for its end")


def with_files(
    repo: Repository, tip: Tip, builder: ObjectBuilder, files: Mapping[str, bytes], message: str
) -> Oid:
    """A commit on `tip` with other files of the record, by path below `.exp/`; trailers follow `message`."""
    tree = RecordTree(builder, recorded_blobs(repo.reader, tip.oid))
    for path, data in files.items():
        tree.add(path, data)
    others = [entry for entry in tip.root if entry.name != RECORD_FOLDER]
    root = builder.tree([*others, Entry(RECORD_FOLDER, FOLDER, tree.write())])
    at = max(time.time(), tip.at + 1)
    whole = f"{message}\n\n{trailing(tip.info)}"
    return builder.commit(root, (tip.oid,), repo.config.identity(repo.environ), at, whole)
