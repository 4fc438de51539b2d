"""Files that one run was seen to read, from a folder that the other was told of; and such folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gitexp.artifacts.folders import identity
from gitexp.formats.making import SEEN, Making, Owners, file_of
from gitexp.model.record import Input
from gitexp.model.roles import FILE
from gitexp.model.values import Digest
from gitexp.ops.in_code import in_code
from gitexp.ops.read import StoredRun

_MOST_FOLDERS, _MOST_FILES = 20, 200
_MOST_BYTES = 64 << 20
"""What is looked into; what is not, is not known to be the same."""
_SEEN: Owners = frozenset([(FILE, "")])


def with_held(
    runs: tuple[StoredRun, StoredRun],
    inputs: tuple[Sequence[Input], Sequence[Input]],
    makings: tuple[Making, Making],
) -> tuple[Making, Making]:
    """The makings of two runs, with what each had as well of the files and folders of the other."""
    old, new = (
        dict(_held(run, own, other))
        for run, own, other in ((runs[0], inputs[0], inputs[1]), (runs[1], inputs[1], inputs[0]))
    )
    one, two = makings
    return replace(one, files={**old, **one.files}), replace(two, files={**new, **two.files})


def _held(run: StoredRun, own: Sequence[Input], others: Sequence[Input]) -> Iterator[tuple[str, Owners]]:
    """What `run` had of the files and folders among `others`, for a making."""
    for folder, files in _folders(own, others):
        whole = _is_made_of(folder, files)
        for path, one in files.items():
            if whole or _has(run, path, one):
                yield file_of(_oid(one), path), _SEEN
    for folder, files in _folders(others, own):
        if folder.path and (_is_made_of(folder, files) or _has(run, folder.path, folder)):
            yield file_of(_oid(folder), folder.path), _SEEN


def _folders(folders: Sequence[Input], files: Sequence[Input]) -> Iterator[tuple[Input, dict[str, Input]]]:
    """Each of `folders` with those of `files` that are below it and were only seen, by path."""
    found = [one for one in files if one.role in SEEN and one.path and one.oid][:_MOST_FILES]
    for folder in [one for one in folders if one.path and one.oid][:_MOST_FOLDERS]:
        below = {one.path: one for one in found if one.path and one.path.startswith(f"{folder.path}/")}
        if below:
            yield folder, below


def _is_made_of(folder: Input, files: dict[str, Input]) -> bool:
    """Whether it has these files and no other."""
    prefix = f"{folder.path}/"
    return folder.oid == identity((_oid(one), path.removeprefix(prefix)) for path, one in files.items())


def _has(run: StoredRun, path: str, one: Input) -> bool:
    return (one.size or 0) <= _MOST_BYTES and in_code(run.repo.reader, run.commit, path) == one.oid


def _oid(one: Input) -> Digest:
    assert one.oid is not None
    return one.oid
