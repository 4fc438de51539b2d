"""Labels of a run that is live here: they go into its journal, so that its owner is not disturbed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gitexp.capture import journal
from gitexp.capture.journal import Writer
from gitexp.capture.live import Live
from gitexp.errors import NotFound, StorageFull
from gitexp.formats.fold import fold
from gitexp.model.labels import Edit, labels_of
from gitexp.model.names import RunName
from gitexp.model.record import RunInfo
from gitexp.ops.operations import Relabelling
from gitexp.ops.seal import hold_writing
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Relabelled:
    before: RunInfo
    after: RunInfo

    def noted(self, name: RunName) -> Relabelling:
        return Relabelling(name, labels_of(self.before), labels_of(self.after))


def relabel(repo: Repository, name: RunName, edit: Edit, *, dry_run: bool = False) -> Relabelled | None:
    """The labels of a live run before and after the edit, which is durable then; None where it is not live.

    Raises StorageFull, BrokenRecord.
    """
    with _held(repo, name) as live:
        if live is None:
            return None
        before = current(live)
        after = edit.applied(before)
        if after != before and not dry_run:
            _write(live, _row(before, after))
        return Relabelled(before, after)


def current(live: Live) -> RunInfo:
    """What a live run is by now."""
    return fold(live.read_start().record, journal.read(live.journal).rows).record.info


@contextmanager
def _held(repo: Repository, name: RunName) -> Iterator[Live | None]:
    """The live directory, where nobody seals the run meanwhile; what is logged then is in its commit."""
    live = repo.live(name)
    if not live.path.is_dir():
        yield None
        return
    try:
        lock = hold_writing(live)
    except FileNotFoundError:
        yield None
        return
    with lock:
        yield live if _unsealed(live) else None


def _unsealed(live: Live) -> bool:
    try:
        return live.tip() is not None
    except NotFound:
        return False


def _row(before: RunInfo, after: RunInfo) -> dict[str, Any]:
    """The change as a row of labels; what somebody else sets at the same time stays."""
    old, new = labels_of(before), labels_of(after)
    added, removed = set(new["tags"]) - set(old["tags"]), set(old["tags"]) - set(new["tags"])
    changed = {key: value for key, value in new.items() if key != "tags" and value != old[key]}
    tags = {"tags_add": sorted(added), "tags_remove": sorted(removed)}
    return {**changed, **{key: value for key, value in tags.items() if value}}


def _write(live: Live, labels: dict[str, Any]) -> None:
    try:
        writer = Writer(live.journal, {})
        try:
            writer.append(["l", time.time(), labels])
            whole = writer.sync()
        finally:
            writer.close()
    except OSError as error:
        raise StorageFull(f"cannot write to the journal of run {live.name!r}: {error.strerror}") from None
    if not whole:
        raise StorageFull(f"cannot write to the journal of run {live.name!r}")
