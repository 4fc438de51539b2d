"""What the people of a project had told gitexp at a commit: settings, and params in their files."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from gitexp.errors import BrokenFile
from gitexp.formats.settings import FILE, Settings, parse
from gitexp.git.objects import SYMLINK
from gitexp.model.files import PARAMS_FILES
from gitexp.model.record import Results
from gitexp.model.values import Oid
from gitexp.repo import Repository

if TYPE_CHECKING:
    from gitexp.git.reader import ObjectReader
    from gitexp.ops.params import ParamsFile

_MOST_LINKS = 8


def settings_at(repo: Repository, commit: Oid) -> Settings:
    """`.gitexp.yaml` of a commit. Raises BrokenFile."""
    (data,) = repo.reader.blobs([(commit, FILE)])
    return Settings() if data is None else parse(data)


def of_metrics(one: Settings, other: Settings) -> list[str]:
    """What two settings say of metrics otherwise: `goals.acc`, `noise.loss`."""
    goals, noise = differing(one.goals, other.goals), differing(one.noise, other.noise)
    return [*(f"goals.{key}" for key in goals), *(f"noise.{key}" for key in noise)]


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return sorted(key for key in {*one, *other} if one.get(key) != other.get(key))


def from_folder(paths: Sequence[str], folder: str) -> tuple[str, ...]:
    """Paths of settings, which are relative to the root, as they are seen from a folder of it.

    Those that lead out of the root are left out: the settings may be other people's.
    """
    inside = (path for path in map(os.path.normpath, paths) if not path.startswith(("/", "..")))
    return tuple(os.path.relpath(path, folder) for path in inside)


def results_of(told: Results, settings: Settings, folder: str) -> Results:
    """What a run was told of its results, else what its project declares, as it is seen from a folder."""
    return Results(
        from_folder(told.metrics or settings.metrics, folder),
        from_folder(told.outputs or settings.outputs, folder),
    )


def params_files_at(repo: Repository, commit: Oid, folder: str) -> list[ParamsFile]:
    """The params files that a run of that commit in `folder` would have had.

    `folder` is relative to the root. Raises BrokenFile.
    """
    return params_files_in(repo.reader, commit, (folder, ""))


def params_files_in(
    reader: ObjectReader, root: Oid, folders: Sequence[str], *, lenient: bool = False
) -> list[ParamsFile]:
    """As `params_files_at`, of a commit or tree, by a reader that has it, looked for in `folders`.

    `lenient` leaves out what is broken.
    """
    from gitexp.formats import params_file
    from gitexp.ops import params

    (data,) = reader.blobs([(root, FILE)])
    declared: tuple[str, ...] = ()
    with suppress(BrokenFile) if lenient else nullcontext():
        declared = parse(data).params if data is not None else ()
    detectable = [
        str(PurePosixPath(place, name)) for place in dict.fromkeys(folders) for name in PARAMS_FILES
    ]
    paths = declared or detectable
    found: list[ParamsFile] = []
    for name, blob in zip(paths, reader.blobs([(root, path) for path in paths]), strict=True):
        if blob is None or (found and not declared):
            continue
        path = _behind_links(reader, root, name)
        if path is None:
            continue
        if path != name:
            (blob,) = reader.blobs([(root, path)])
        with suppress(BrokenFile) if lenient else nullcontext():
            if blob is not None:
                found.append(params.ParamsFile(path, blob, params_file.parse(path, blob)))
    return found


def _behind_links(reader: ObjectReader, root: Oid, path: str) -> str | None:
    """Where the file is that a program finds which opens `path`; None where links lead nowhere."""
    for _ in range(_MOST_LINKS):
        entry = reader.resolve(root, path)
        if entry is None or stat.S_IFMT(entry.mode) != SYMLINK:
            return path
        target = os.fsdecode(reader.read(entry.oid)[1])
        path = os.path.normpath(os.path.join(os.path.dirname(path), target))
    return None
