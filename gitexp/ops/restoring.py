"""The inputs and artifacts of a run, put back at their places below a folder, each checked by its hash.

What a person has is copied, never linked: whatever runs there cannot change the original.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from gitexp.artifacts.folders import files_below
from gitexp.artifacts.placing import placed
from gitexp.artifacts.store import Stored, copied, open_regular, unchanged
from gitexp.errors import BrokenRecord, GitExpError, NotFound, UsageError
from gitexp.model.paths import safe_path
from gitexp.model.record import Artifact, Input
from gitexp.model.values import Digest
from gitexp.ops.artifacts import Artifacts, Place
from gitexp.ops.makers import Makers
from gitexp.ops.read import StoredRun
from gitexp.ops.supply import Restored, Source, Supply
from gitexp.repo import Repository


def restore_inputs(repo: Repository, inputs: Iterable[Input], root: Path) -> list[Restored]:
    """What became of each of `inputs` that is a file or folder of the working tree, in their order.

    Its bytes are looked for at the place itself, in the user's working tree at the same path, in this clone's
    artifact store, among what runs have made, and where others keep them. Other content at the place is left
    there, and told.
    """
    wanted = list(dict.fromkeys((one.path, one.oid, one.size) for one in inputs if one.path and one.oid))
    supply, makers = Supply(repo), Makers(repo)
    found = [_made(repo, makers, root, _nearby(repo, root, *one)) for one in wanted]
    lacking = [one for one in found if one.source is None and one.error is None and one.size is not None]
    supply.bring(Stored(one.oid, one.size or 0) for one in lacking)
    return [_supplied(supply, root, one) if one in lacking else one for one in found]


def restore_artifacts(run: StoredRun, root: Path) -> list[Restored]:
    """What became of each artifact of a run, put back at its own path below `root`."""
    artifacts = Artifacts(run)
    places = {one.artifact.path: one.place for one in artifacts.kept()}
    artifacts.bring(artifacts.all)
    return [_artifact(run.repo, artifacts, one, places[one.path], root) for one in artifacts.all]


def _nearby(repo: Repository, root: Path, path: str, oid: Digest, size: int | None) -> Restored:
    """The input as it is at its place, or copied from the user's working tree; else without a source."""
    try:
        safe_path(path)
        if _is(repo, root / path, oid, size):
            return Restored(path, oid, size, Source.PRESENT)
        if repo.layout.top is not None and _is(repo, repo.layout.top / path, oid, size):
            _copy(repo, repo.layout.top / path, root, path, oid)
            return Restored(path, oid, size, Source.WORKING_TREE)
        _check_free(root, path)
    except (GitExpError, OSError) as error:
        return Restored(path, oid, size, error=_reason(error))
    return Restored(path, oid, size)


def _made(repo: Repository, makers: Makers, root: Path, one: Restored) -> Restored:
    """The file or folder taken from a run that has made it, unless it was found or the store has it."""
    if one.source or one.error or (one.size is not None and repo.store.has(one.oid, one.size)):
        return one
    made = makers.find(one.oid)
    if made is None:
        return one
    run, path = made
    artifacts = Artifacts(run)
    try:
        for file in artifacts.below(path):
            with placed(root, safe_path(one.path + file.path[len(path) :])) as target:
                artifacts.copy(file, target)
    except (GitExpError, OSError) as error:
        shutil.rmtree(root / one.path, ignore_errors=True)  # a part must not be taken for the whole
        return replace(one, error=_reason(error))
    return replace(one, source=Source.RECORD)


def _supplied(supply: Supply, root: Path, one: Restored) -> Restored:
    assert one.size is not None
    try:
        with placed(root, one.path) as file:
            source = supply.write(Stored(one.oid, one.size), file)
    except (GitExpError, OSError) as error:
        return Restored(one.path, one.oid, one.size, error=_reason(error))
    return Restored(one.path, one.oid, one.size, source)


def _is(repo: Repository, path: Path, oid: Digest, size: int | None) -> bool:
    """Whether the file or folder has that hash."""
    try:
        if path.is_dir():
            return repo.digests.folder(path).oid == oid
        return path.stat().st_size == size and repo.digests.file(path).oid == oid
    except OSError:
        return False


def _copy(repo: Repository, source: Path, root: Path, path: str, oid: Digest) -> None:
    if not source.is_dir():
        _check_free(root, path)
        _copy_file(source, root, path, oid)
        return
    existed = (root / path).exists()
    try:
        for file in files_below(source):
            below = f"{path}/{file.relative_to(source).as_posix()}"
            found = repo.digests.file(file)
            if not _is(repo, root / below, found.oid, found.size):
                _check_free(root, below)
                _copy_file(file, root, safe_path(below), found.oid)
        if not _is(repo, root / path, oid, None):
            raise UsageError(f"'{root / path}' has other files, too")
    except BaseException:
        if not existed:  # a part of it must not be taken for the whole
            shutil.rmtree(root / path, ignore_errors=True)
        raise


def _copy_file(source: Path, root: Path, path: str, oid: Digest) -> None:
    with placed(root, path) as target, open_regular(source) as file:
        before = os.fstat(file.fileno())
        os.fchmod(target.fileno(), before.st_mode & 0o777 | 0o600)
        if copied(file, target).oid != oid or not unchanged(before, os.fstat(file.fileno())):
            raise BrokenRecord(f"'{source}' was written to while it was copied")


def _check_free(root: Path, path: str) -> None:
    """Raises UsageError where something else is at the place."""
    if os.path.lexists(root / path):
        raise UsageError(f"{path!r} is there with other content")


def _artifact(repo: Repository, artifacts: Artifacts, one: Artifact, place: Place, root: Path) -> Restored:
    source = {Place.RECORD: Source.RECORD, Place.STORE: Source.STORE, Place.ABSENT: Source.REMOTE}[place]
    try:
        if _is(repo, root / one.path, one.oid, one.size):
            return Restored(one.path, one.oid, one.size, Source.PRESENT)
        _check_free(root, one.path)
        with placed(root, one.path) as file:
            artifacts.copy(one, file)
    except (GitExpError, OSError) as error:
        return Restored(one.path, one.oid, one.size, error=_reason(error))
    return Restored(one.path, one.oid, one.size, source)


def _reason(error: GitExpError | OSError) -> GitExpError:
    return error if isinstance(error, GitExpError) else NotFound(str(error.strerror or error))
