"""In what the code of runs differs, apart from what the record tells of anyway."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from gitexp.errors import GitExpError
from gitexp.formats.making import Pair, changed_values
from gitexp.formats.said import only_says
from gitexp.formats.settings import FILE
from gitexp.model.files import METRICS_FILES, PARAMS_FILES
from gitexp.ops.code_diff import changed_paths_of_each
from gitexp.ops.read import StoredRun
from gitexp.ops.why.contents import MAX_TEXT
from gitexp.ops.why.functions import changed_functions, without
from gitexp.ops.why.makings import Makings
from gitexp.repo import Repository

_MOST_FILES = 3
"""Changed files that are looked into."""


@dataclass(frozen=True, slots=True)
class Told:
    """Files of the tree that are no code: inputs, params files, results, and how they are to be read."""

    files: frozenset[str]
    folders: tuple[str, ...]

    def has(self, path: str) -> bool:
        return path in self.files or path.startswith(self.folders)


def code_changes(
    repo: Repository, makings: Makings, run: StoredRun, others: Sequence[StoredRun]
) -> list[list[str] | None]:
    """For each of `others` the files of code that `run` has otherwise, sorted.

    None where objects are missing. Two git processes for all.
    """
    if not others:
        return []
    own = told_of(repo, makings, run)
    found = changed_paths_of_each(repo.git, run.commit, [one.commit for one in others])
    return [
        None if paths is None else _left(paths, own, told_of(repo, makings, other))
        for other, paths in zip(others, found, strict=True)
    ]


def only_says_values(makings: Makings, old: StoredRun, new: StoredRun, paths: Sequence[str]) -> bool:
    """Whether the code of two runs differs in nothing but values and functions that are told of elsewhere.

    So a prompt that stands in a program counts once, and so does a grader. Not so where objects are missing.
    """
    values = changed_values(makings.of(old), makings.of(new))
    if not values or len(paths) > _MOST_FILES:
        return False
    places = [(run.commit, path) for run in (old, new) for path in paths]
    try:
        texts = new.repo.reader.blobs(places)
    except GitExpError:
        return False
    functions = changed_functions(makings.inputs(old), makings.inputs(new))
    both = zip(paths, texts[: len(paths)], texts[len(paths) :], strict=True)
    return all(
        one is not None
        and other is not None
        and max(len(one), len(other)) <= MAX_TEXT
        and _only_says(without(one, path, functions[0]), without(other, path, functions[1]), values)
        for path, one, other in both
    )


def _only_says(old: str, new: str, values: Sequence[tuple[str, Pair]]) -> bool:
    return old == new or only_says(old, new, values)


def told_of(repo: Repository, makings: Makings, run: StoredRun) -> Told:
    """What in the tree of a run is told by its inputs, params and metrics."""
    info, settings = run.info, repo.settings
    inputs = [one.path for one in makings.inputs(run) if one.path]
    declared = (*settings.params, *settings.metrics, *settings.outputs, FILE)
    named = (*info.results.metrics, *info.results.outputs)
    found = {
        posixpath.normpath(posixpath.join(folder, name))
        for folder in (".", info.cwd)
        for name in (*PARAMS_FILES, *METRICS_FILES)
    }
    paths = [*inputs, *named, *map(posixpath.normpath, declared)]
    return Told(frozenset((*found, *paths)), tuple(f"{path}/" for path in paths if path != "."))


def _left(paths: set[str], own: Told, other: Told) -> list[str]:
    return sorted(path for path in paths if not own.has(path) and not other.has(path))
