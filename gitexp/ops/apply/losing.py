"""Whether anything would be lost: what would be overwritten or removed must be in a commit or a run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from gitexp.capture.snapshot import DEFAULT_LIMIT
from gitexp.capture.withheld import NEVER_CAPTURED, is_secret
from gitexp.errors import UsageError
from gitexp.formats import pointer
from gitexp.formats.record import ARTIFACT_FOLDER
from gitexp.git.objects import object_id
from gitexp.model.values import Oid
from gitexp.ops.apply.carrying import and_more
from gitexp.ops.apply.states import Change, File, Link
from gitexp.ops.apply.tracked import Blob, Tracked, blobs_now
from gitexp.ops.read import list_all
from gitexp.repo import Repository

_RUNS_AT_ONCE = 200


def check_loss(
    repo: Repository, top: Path, now: Tracked, changes: Sequence[Change], code: Mapping[str, Blob]
) -> None:
    """Raises UsageError where a change would lose what is in no commit, no index and no run.

    `code` is what the run's own code has at the paths that get it.
    """
    endangered = {one.path: one for one in changes if isinstance(one.before, (File, Link))}
    untracked = [path for path in endangered if path in code and not now.has(path)]
    ignored = _ignored(repo, untracked)
    if ignored:
        raise UsageError(
            f"'{ignored[0]}' is ignored, and the run has a file there{and_more(ignored, 1)}",
            hint=_moving(repo, ignored[0]),
        )
    blobs = blobs_now(repo, top, now, endangered)
    unsure = {
        path: blob
        for path, blob in blobs.items()
        if not now.knows(path, blob) and not (path in code and code[path].oid == blob.oid)
    }
    lost = _unrecorded(repo, endangered, unsure)
    if lost:
        shown = ", ".join(f"'{path}'" for path in lost[:3])
        has = "has" if len(lost) == 1 else "have"
        raise UsageError(
            f"{shown}{and_more(lost, 3)} {has} changes that are in no commit and no run",
            hint=_way_out(repo, now, lost[0], endangered[lost[0]]),
        )


def _unrecorded(repo: Repository, changes: Mapping[str, Change], unsure: Mapping[str, Blob]) -> list[str]:
    """Those of the paths at which no run has, or has produced, what stands there."""
    spellings = {path: {blob.oid, *_pointer(repo, changes[path])} for path, blob in unsure.items()}
    known = _existing(repo, {oid for oids in spellings.values() for oid in oids})
    lost = sorted(path for path, oids in spellings.items() if oids.isdisjoint(known))
    if lost or not spellings:
        return lost
    commits = [run.commit for run in list_all(repo).runs]
    for start in range(0, len(commits), _RUNS_AT_ONCE):
        for path in _found(repo, commits[start : start + _RUNS_AT_ONCE], spellings):
            del spellings[path]
        if not spellings:
            break
    return sorted(spellings)


def _pointer(repo: Repository, change: Change) -> Iterator[Oid]:
    """The pointer that stands in a record for the file, where the artifact store has its bytes."""
    one = change.before
    if isinstance(one, File) and repo.store.has(one.sha256, one.size):
        yield object_id(repo.layout.object_format, b"blob", pointer.encode(one.sha256, one.size))


def _existing(repo: Repository, oids: Iterable[Oid]) -> set[Oid]:
    given = "".join(f"{oid}\n" for oid in sorted(oids))
    if not given:
        return set()
    said = repo.git.run("cat-file", "--batch-check=%(objectname)", input=given.encode())
    return {Oid(line) for line in said.lines if not line.endswith(" missing")}


def _found(repo: Repository, commits: Sequence[Oid], wanted: Mapping[str, set[Oid]]) -> set[str]:
    """Paths at which one of the commits has one of the blobs, as code or as an artifact."""
    asked = [
        (path, f"{commit}:{place}")
        for commit in commits
        for path in wanted
        if "\n" not in path
        for place in (path, f".exp/{ARTIFACT_FOLDER}/{path}")
    ]
    given = b"".join(os.fsencode(text) + b"\n" for _, text in asked)
    said = repo.git.run("cat-file", "--batch-check=%(objectname)", input=given)
    return {path for (path, _), line in zip(asked, said.lines, strict=True) if line in wanted[path]}


def _ignored(repo: Repository, paths: Sequence[str]) -> list[str]:
    if not paths:
        return []
    given = b"".join(os.fsencode(path) + b"\0" for path in paths)
    said = repo.git.run("check-ignore", "-z", "--stdin", input=given, check=False)
    return sorted(os.fsdecode(path) for path in said.stdout.split(b"\0") if path)


def _way_out(repo: Repository, now: Tracked, path: str, change: Change) -> str:
    """What to do about it: what recording leaves out has to be moved."""
    limit = repo.config.int("exp.maxUntracked", DEFAULT_LIMIT)
    patterns = (*NEVER_CAPTURED, *repo.settings.never_capture)
    large = isinstance(change.before, File) and change.before.size > limit
    if is_secret(os.fsencode(path), patterns) or (not now.has(path) and (large or _ignored(repo, [path]))):
        return _moving(repo, path)
    return "git exp save records them, git stash puts them aside"


def _moving(repo: Repository, path: str) -> str:
    """As it is typed in the folder where somebody is."""
    return f"move '{os.path.relpath(path, repo.layout.prefix or '.')}' away"
