"""The commit that an edit of a run builds on."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitexp.capture.snapshot import RECORD_FOLDER
from gitexp.errors import BrokenRecord
from gitexp.formats.labels import relabelled
from gitexp.formats.record import RUN, decode_info
from gitexp.git.objects import FILE, FOLDER, Entry, Identity, ObjectBuilder
from gitexp.model.names import RunName, is_twin
from gitexp.model.record import RunInfo
from gitexp.model.values import Oid
from gitexp.repo import Repository

_COMMITTED = re.compile(rb"^committer .*> ([0-9]{1,12}) ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Tip:
    """The commit that an edit builds on, as far as it is needed."""

    oid: Oid
    root: list[Entry]
    record: list[Entry]
    data: bytes
    info: RunInfo
    at: int
    """When the commit was made, in seconds since 1970."""

    @classmethod
    def read(cls, repo: Repository, oid: Oid, name: RunName) -> Tip:
        """Raises BrokenRecord, NewerFormat or NotFound."""
        root = repo.reader.entries(_tree_of(repo, oid))
        folder = _named(root, RECORD_FOLDER)
        record = repo.reader.entries(folder.oid) if folder and folder.is_folder else []
        file = _named(record, RUN.encode())
        data = repo.reader.read(file.oid)[1] if file and not file.is_folder else None
        info = decode_info(data, name=name)
        assert data is not None
        if not is_twin(name, info.name):
            raise BrokenRecord(
                f"the record of run {name!r} is that of {info.name!r}", hint=f"git exp show {name}"
            )
        return cls(oid, root, record, data, info, time_of(repo, oid))

    def commit_with(self, builder: ObjectBuilder, info: RunInfo, author: Identity, message: str) -> Oid:
        """A commit on top that changes `run.yaml` alone."""
        tree = self.tree_with(builder, relabelled(self.data, info))
        # Later than what it changes, whatever the clock says: archives tell versions apart by their times.
        at = max(time.time(), self.at + 1)
        return builder.commit(tree, (self.oid,), author, at, message)

    def tree_with(self, builder: ObjectBuilder, data: bytes) -> Oid:
        """The tree with another `run.yaml`."""
        file = Entry(RUN.encode(), FILE, builder.blob(data))
        folder = Entry(RECORD_FOLDER, FOLDER, builder.tree(_replaced(self.record, file)))
        return builder.tree(_replaced(self.root, folder))

    def same_but_labels(self, other: Tip) -> bool:
        """Whether both have the same files but for `run.yaml`."""

        def rest(tip: Tip) -> tuple[list[Entry], list[Entry]]:
            root = [one for one in tip.root if one.name != RECORD_FOLDER]
            return root, [one for one in tip.record if one.name != RUN.encode()]

        return rest(self) == rest(other)


def _tree_of(repo: Repository, commit: Oid) -> Oid:
    found = repo.reader.resolve(commit, "")
    if found is None:
        raise BrokenRecord(f"'{commit}' is not a commit", hint="git fsck")
    return found.oid


def time_of(repo: Repository, commit: Oid) -> int:
    found = _COMMITTED.search(repo.reader.read(commit)[1].partition(b"\n\n")[0])
    return int(found[1]) if found else 0


def _named(entries: Sequence[Entry], name: bytes) -> Entry | None:
    return next((entry for entry in entries if entry.name == name), None)


def _replaced(entries: Sequence[Entry], new: Entry) -> Iterator[Entry]:
    return (new if entry.name == new.name else entry for entry in entries)
