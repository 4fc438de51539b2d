"""Labels of runs edited after the fact: each edit a commit on top of the run, or a row in its journal."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from gitexp.capture.snapshot import RECORD_FOLDER
from gitexp.errors import BrokenRecord, GitExpError, NotFound, RefChanged
from gitexp.formats.labels import relabelled
from gitexp.formats.record import RUN, decode_info
from gitexp.formats.redact import Redactor
from gitexp.git.objects import FILE, FOLDER, Entry, Identity, ObjectBuilder
from gitexp.git.refs import run_ref
from gitexp.git.write import KeptPack, RefUpdate, store, unkeep
from gitexp.model.labels import Edit
from gitexp.model.names import RunName, is_twin
from gitexp.model.record import RunInfo
from gitexp.model.values import Oid
from gitexp.ops.absent import telling
from gitexp.ops.archive.names import Places, places
from gitexp.ops.change import change
from gitexp.ops.commit import RUN_TRAILER, STATUS_TRAILER
from gitexp.ops.live_labels import relabel
from gitexp.ops.operations import Operation, Relabelling
from gitexp.ops.operations import log as log_operation
from gitexp.ops.tidy import fold_packs
from gitexp.repo import Repository

EDIT_TRAILER = "Exp-Edit"
_COMMITTED = re.compile(rb"^committer .*> ([0-9]{1,12}) ", re.MULTILINE)
_TRIES = 5


class Target(Protocol):
    @property
    def name(self) -> RunName: ...


@dataclass(frozen=True, slots=True)
class Annotated:
    """What became of one run."""

    name: RunName
    before: RunInfo | None = None
    after: RunInfo | None = None
    """None where the run could not be edited."""
    commit: Oid | None = None
    """The new commit; None where nothing changed, nothing was to be written, or the run is still live."""
    error: GitExpError | None = None

    @property
    def changed(self) -> bool:
        return self.after is not None and self.after != self.before


@dataclass
class _Work:
    """The edit of many runs, under way."""

    repo: Repository
    edit: Edit
    dry_run: bool
    logged: bool
    done: dict[RunName, Annotated] = field(default_factory=dict)
    live: list[Relabelling] = field(default_factory=list)


def annotate(
    repo: Repository,
    runs: Sequence[Target],
    edit: Edit,
    *,
    dry_run: bool = False,
    logged: bool = True,
) -> list[Annotated]:
    """What became of each run, in their order, each once; a run that cannot be edited stops no other.

    All new commits come in one pack and one transaction, with a constant number of git processes. The labels
    of a run that is live here go into its journal. Secrets in texts are masked. Without `logged` it is
    nothing that undo takes back. Raises GitError or OSError where nothing could be written.
    """
    work = _Work(repo, masked(edit, repo.redactor), dry_run, logged)
    names = list(dict.fromkeys(run.name for run in runs))
    for name in names:
        _edit_live(work, name)
    for _ in range(_TRIES):
        pending = [name for name in names if name not in work.done]
        try:
            _edit_commits(work, pending)
            break
        except RefChanged as error:
            # Somebody else was faster at one of them: all are edited anew, as they are now.
            failure = error
    else:
        raise failure
    return [work.done[name] for name in names]


def masked(edit: Edit, redactor: Redactor) -> Edit:
    """The edit with secrets in its texts masked, as recording does."""
    texts = {
        key: redactor.text(value)
        for key in ("title", "note", "append_note", "group")
        if isinstance(value := getattr(edit, key), str)
    }
    return replace(edit, add_tags=tuple(map(redactor.text, edit.add_tags)), **texts)  # type: ignore[arg-type]


def _edit_live(work: _Work, name: RunName) -> None:
    try:
        found = relabel(work.repo, name, work.edit, dry_run=work.dry_run)
    except GitExpError as error:
        work.done[name] = Annotated(name, error=error)
        return
    if found is None:
        return
    before, after = found.before, found.after
    work.done[name] = Annotated(name, before, after)
    if before != after:
        work.live.append(found.noted(name))


def _edit_commits(work: _Work, names: Sequence[RunName]) -> None:
    builder = ObjectBuilder(work.repo.layout.object_format)
    own, tips = places(work.repo) if names else Places({}, {})
    found = {name: _edited(work, builder, tips, name) for name in names}
    # An archived run gets a ref of its own with the edit, which wins over the archive.
    updates = tuple(
        RefUpdate(run_ref(name), one.commit, own.get(name)) for name, one in found.items() if one.commit
    )
    if work.dry_run:
        work.done |= {name: replace(one, commit=None) for name, one in found.items()}
        return
    told = _told(work.edit, len(updates) + len(work.live))
    operation = Operation(told, updates, tuple(work.live))
    if updates:
        with stored(work.repo, builder):
            change(work.repo, updates, operation if work.logged else None)
        fold_packs(work.repo)
    elif work.live and work.logged:
        log_operation(work.repo, operation)
    work.done |= found


def _edited(work: _Work, builder: ObjectBuilder, tips: Mapping[RunName, Oid], name: RunName) -> Annotated:
    try:
        if name not in tips:
            raise NotFound(f"run {name!r} is gone", hint=f"git exp restore {name}")
        with telling(work.repo, name):
            tip = Tip.read(work.repo, tips[name], name)
        after = work.edit.applied(tip.info)
        if after == tip.info:
            return Annotated(name, after, after)
        commit = tip.commit_with(builder, after, work.edit, work.repo.config.identity(work.repo.environ))
        return Annotated(name, tip.info, after, commit)
    except GitExpError as error:
        return Annotated(name, error=error)


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
        return cls(oid, root, record, data, info, _time_of(repo, oid))

    def commit_with(self, builder: ObjectBuilder, info: RunInfo, edit: Edit, author: Identity) -> Oid:
        """A commit on top that changes `run.yaml` alone."""
        tree = self.tree_with(builder, relabelled(self.data, info))
        # Later than what it changes, whatever the clock says: archives tell versions apart by their times.
        at = max(time.time(), self.at + 1)
        return builder.commit(tree, (self.oid,), author, at, _message(info, edit))

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


def _time_of(repo: Repository, commit: Oid) -> int:
    found = _COMMITTED.search(repo.reader.read(commit)[1].partition(b"\n\n")[0])
    return int(found[1]) if found else 0


def _named(entries: Sequence[Entry], name: bytes) -> Entry | None:
    return next((entry for entry in entries if entry.name == name), None)


def _replaced(entries: Sequence[Entry], new: Entry) -> Iterator[Entry]:
    return (new if entry.name == new.name else entry for entry in entries)


def _message(info: RunInfo, edit: Edit) -> str:
    return (
        f"exp {info.name}: {edit}\n\n{RUN_TRAILER}: {info.name}\n{STATUS_TRAILER}: {info.status.value}\n"
        f"{EDIT_TRAILER}: {', '.join(edit.kinds)}\n"
    )


def _told(edit: Edit, count: int) -> str:
    return f"{edit} on {count} run{'' if count == 1 else 's'}"


@contextmanager
def stored(repo: Repository, builder: ObjectBuilder) -> Iterator[None]:
    """With everything in `builder` in the repository, and kept there until refs point to it."""
    repo.home.mkdir(exist_ok=True)
    path = repo.home / f"edit-{os.getpid()}-{os.urandom(4).hex()}.pack"
    try:
        builder.write_pack(path)
        kept = store(repo.git, repo.layout, path, keep=f"edit {os.getpid()}")
    finally:
        _remove(path)
    try:
        yield
    finally:
        unkeep(repo.layout, KeptPack(kept.name))


def _remove(path: Path) -> None:
    for one in (path, path.with_name(path.name + ".tmp")):
        one.unlink(missing_ok=True)
