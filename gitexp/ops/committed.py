"""What the people of a project had told gitexp at a commit: settings, and params in their files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.formats.settings import FILE, Settings, parse
from gitexp.model.files import PARAMS_FILES
from gitexp.model.values import Oid
from gitexp.repo import Repository

if TYPE_CHECKING:
    from gitexp.ops.params import ParamsFile


def settings_at(repo: Repository, commit: Oid) -> Settings:
    """`.gitexp.yaml` of a commit. Raises BrokenFile."""
    (data,) = repo.reader.blobs([(commit, FILE)])
    return Settings() if data is None else parse(data)


def params_files_at(repo: Repository, commit: Oid, folder: str) -> list[ParamsFile]:
    """The params files that a run of that commit in `folder` would have had.

    `folder` is relative to the root, empty or with a `/` at its end. Raises BrokenFile.
    """
    from gitexp.formats import params_file
    from gitexp.ops import params

    declared = settings_at(repo, commit).params
    detectable = [place + name for place in dict.fromkeys((folder, "")) for name in PARAMS_FILES]
    found = _blobs(repo, commit, declared or detectable)
    files = [params.ParamsFile(path, blob, params_file.parse(path, blob)) for path, blob in found]
    return files if declared else files[:1]


def _blobs(repo: Repository, commit: Oid, paths: Sequence[str]) -> list[tuple[str, bytes]]:
    blobs = repo.reader.blobs([(commit, path) for path in paths])
    return [(path, blob) for path, blob in zip(paths, blobs, strict=True) if blob is not None]
