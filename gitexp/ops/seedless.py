"""Code without the seeds in its params files: `-S seed=2` writes them there, and the tree is another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gitexp.errors import GitExpError
from gitexp.formats.making import texts
from gitexp.model.called_seeds import is_seed
from gitexp.model.values import Oid
from gitexp.ops.committed import params_files_in
from gitexp.ops.records import FOLDER
from gitexp.ops.staleness import tree_without
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Seedless:
    """Equal for code that differs in nothing but seeds, and in these nowhere but in params files."""

    rest: Oid
    """The id that the code tree has without the params files."""
    params: Mapping[str, Mapping[str, str]]
    """Params file -> what stands in it, as JSON by dotted key, seeds aside."""


def seedless(repo: Repository, commit: Oid, folder: str) -> Seedless | None:
    """The code of a commit that runs in `folder`; None without params files, or with objects missing."""
    try:
        files = params_files_in(repo.reader, commit, (folder, ""))
        root = repo.reader.resolve(commit, "")
        if not files or root is None:
            return None
        rest = tree_without(repo, root.oid, [FOLDER, *(file.path for file in files)])
    except GitExpError:
        return None
    return Seedless(rest, {file.path: _unseeded(texts(file.values)) for file in files})


def _unseeded(values: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if not is_seed(key)}
