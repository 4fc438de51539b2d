"""Params from the user's own files, and the changes that `-S` asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gitexp.errors import BrokenFile
from gitexp.model.files import PARAMS_FILES
from gitexp.model.values import Value
from gitexp.repo import Repository

if TYPE_CHECKING:
    from gitexp.formats.assignment import Assignment

# The readers of params files are imported where there is a file to read: they take longer than a short run.


class ParamsFile(NamedTuple):
    """One params file as it was read."""

    path: str
    """Relative to the root of the working tree."""
    data: bytes
    values: Mapping[str, Value]


def read_params_files(repo: Repository, declared: Sequence[str] = ()) -> list[ParamsFile]:
    """The declared params files, or those of `.gitexp.yaml`, or else the one that is found by its name.

    `declared` are relative to the current folder. Raises BrokenFile, naming file, line and column.
    """
    return [_read(repo, path) for path in _paths(repo, declared)]


def merged(files: Sequence[ParamsFile]) -> dict[str, Any]:
    """All params together; where files disagree on a key, the later one's goes under that file's name."""
    params: dict[str, Any] = {}
    for file in files:
        for key, value in file.values.items():
            if key not in params or params[key] == value:
                params[key] = value
            else:
                params.setdefault(Path(file.path).stem, {})[key] = value
    return params


class Changes(NamedTuple):
    """What `-S` changes."""

    params: Mapping[str, Value]
    """The effective params."""
    files: Mapping[str, bytes]
    """Path relative to the root -> its new content."""


def change(files: Sequence[ParamsFile], assignments: Sequence[Assignment]) -> Changes:
    """The assignments carried out, each in the file that has its key; `+key` goes to the first file.

    Raises UnknownKey (with the nearest key as hint) or BrokenFile.
    """
    if not assignments:
        return Changes(merged(files), {})
    from gitexp.formats import params_file

    edits: dict[str, dict[tuple[str, ...], Value]] = {}
    known = merged(files)
    # Checked against all files together: the nearest key may stand in another one.
    params, _ = params_file.apply(known, assignments)
    for one in assignments:
        owner = _owner(files, one)
        if owner is not None:
            edits.setdefault(owner.path, {})[one.key] = one.value
    changed = {
        file.path: params_file.edit(file.path, file.data, edits[file.path])
        for file in files
        if file.path in edits
    }
    return Changes(params, changed)


def _owner(files: Sequence[ParamsFile], one: Assignment) -> ParamsFile | None:
    for length in range(len(one.key), 0, -1):
        for file in files:
            if _has(file.values, one.key[:length]):
                return file
    return files[0] if files else None


def _has(values: Value, key: tuple[str, ...]) -> bool:
    for part in key:
        if not isinstance(values, Mapping) or part not in values:
            return False
        values = values[part]
    return True


def _paths(repo: Repository, declared: Sequence[str]) -> list[Path]:
    if declared:
        return [repo.cwd / path for path in declared]
    top = repo.layout.top
    if top is None:
        return []
    if repo.settings.params:
        return [top / path for path in repo.settings.params]
    for folder in dict.fromkeys((repo.cwd, top)):
        for name in PARAMS_FILES:
            if (folder / name).is_file():
                return [folder / name]
    return []


def _read(repo: Repository, path: Path) -> ParamsFile:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BrokenFile(f"cannot read params file {str(path)!r}: {error.strerror}") from None
    name = repo.relative(path)
    if name is None:
        raise BrokenFile(f"params file {str(path)!r} is outside the repository")
    from gitexp.formats.plain_params import parse

    return ParamsFile(name, data, parse(name, data))


def substitute(command: Sequence[str], params: Mapping[str, Value]) -> list[str]:
    """`command` with each `{key}` of a param replaced by its value; other braces are left alone."""
    if not any("{" in word for word in command):
        return list(command)
    from gitexp.formats import params_file

    flat = params_file.flatten(params)
    return [_filled(word, flat) for word in command]


def _filled(word: str, flat: Mapping[str, Value]) -> str:
    import re

    def value(match: re.Match[str]) -> str:
        return _text(flat[match[1]]) if match[1] in flat else match[0]

    return re.sub(r"\{([^{}\s]+)\}", value, word) if "{" in word else word


def _text(value: Value) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value)
