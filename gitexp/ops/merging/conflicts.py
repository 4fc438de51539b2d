"""What a person needs to decide a conflict: who changed what, and what became of it in each run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitexp.git.merging import FileConflict, empty_tree
from gitexp.git.objects import Identity
from gitexp.model.values import Oid
from gitexp.ops.code_diff import FileChange, changed_files
from gitexp.ops.headline import headline
from gitexp.ops.merging.steps import KeyConflict, Merge
from gitexp.ops.read import StoredRun
from gitexp.ops.versions import author_of
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Contender:
    """A run that takes part in a conflict."""

    name: str
    author: Identity
    effect: str
    """The metrics that tell most, as text; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What a run did to a file."""

    what: str
    """`changed`, `added`, `deleted`, `unchanged`, or `absent`: neither it nor the base has that name."""
    change: FileChange | None = None


@dataclass(frozen=True, slots=True)
class PathConflict:
    path: str
    fates: tuple[Fate, ...]
    """One for each contender."""


@dataclass(frozen=True, slots=True)
class Conflicts:
    contenders: tuple[Contender, ...]
    keys: tuple[KeyConflict, ...]
    files: tuple[PathConflict, ...]

    @property
    def count(self) -> int:
        return len(self.keys) + len(self.files)


def explain(repo: Repository, runs: Sequence[StoredRun], merge: Merge) -> Conflicts:
    """The conflicts of a merge, with all that is known of them."""
    looked_at = runs[: merge.looked_at]
    contenders = tuple(_contender(repo, run) for run in looked_at)
    base = merge.bases[0] if merge.bases else empty_tree(repo.layout.object_format)
    changed = [
        {change.path: change for change in each}
        for each in (changed_files(repo.git, base, [run.commit for run in looked_at]) if merge.files else ())
    ]
    files = tuple(
        PathConflict(
            one.path,
            tuple(_fate(repo, one, run.commit, known) for run, known in zip(looked_at, changed, strict=True)),
        )
        for one in merge.files
    )
    return Conflicts(contenders, merge.keys, files)


def _contender(repo: Repository, run: StoredRun) -> Contender:
    author, _ = author_of(repo.reader, run.commit)
    return Contender(run.name, author, headline(run.record.metrics))


def _fate(repo: Repository, one: FileConflict, commit: Oid, changed: Mapping[str, FileChange]) -> Fate:
    change = changed.get(one.path)
    is_there = repo.reader.resolve(commit, one.path) is not None
    if change is None:
        return Fate("unchanged" if is_there else "absent")
    if not is_there:
        return Fate("deleted", change)
    return Fate("changed" if one.base else "added", change)
