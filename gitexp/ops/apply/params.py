"""The params of a run, written into the user's own params files key by key."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gitexp.errors import BrokenFile, UsageError
from gitexp.formats import params_file
from gitexp.formats.params_file import Key
from gitexp.formats.secret_shapes import MASK
from gitexp.formats.settings import FILE, parse
from gitexp.model.files import PARAMS_FILES
from gitexp.model.values import Value, same
from gitexp.ops.params import ParamsFile
from gitexp.ops.read import StoredRun
from gitexp.repo import Repository

Reader = Callable[[str], bytes | None]
"""Gives the content of the file at a path, None where there is none."""


def edited(run: StoredRun, read: Reader) -> tuple[dict[str, bytes], list[str]]:
    """Path -> new content of the params files that have to change, and what a person should know of it.

    Raises UsageError where there is no params file, BrokenFile.
    """
    params = run.record.params
    if not params:
        return {}, ["the run has no params"]
    files = [ParamsFile(path, data, params_file.parse(path, data)) for path, data in _found(run.repo, read)]
    if not files:
        raise UsageError("this project has no params file", hint="touch params.yaml")
    masked = [params_file.join_key(key) for key, value in _leaves(params) if _is_masked(value)]
    told = [f"{', '.join(masked[:3])}: masked in the record, left alone"] if masked else []
    wanted = _parted(files, _without_masked(params))
    changed = {}
    for file, values in zip(files, wanted, strict=True):
        (source,) = run.repo.reader.blobs([(run.commit, file.path)])
        edits = _respelled(file, values, source) | dict(_differences(file.values, values, ()))
        if edits:
            like = [] if source is None else [source]
            changed[file.path] = params_file.edit(file.path, file.data, edits, like)
    return changed, told


def _found(repo: Repository, read: Reader) -> Iterator[tuple[str, bytes]]:
    """The params files that `.gitexp.yaml` lists, else the one that is found by its name."""
    declared = parse(read(FILE) or b"").params
    names = declared or [
        folder + name for folder in dict.fromkeys((repo.layout.prefix, "")) for name in PARAMS_FILES
    ]
    for name in names:
        data = read(os.path.normpath(name))
        if data is None and declared:
            raise BrokenFile(f"there is no params file '{name}', which {FILE} lists", hint=f"touch '{name}'")
        if data is not None:
            yield os.path.normpath(name), data
            if not declared:
                return


def _parted(files: Sequence[ParamsFile], params: Mapping[str, Value]) -> list[dict[str, Any]]:
    """Which file gets which of the params: the inverse of `ops.params.merged`."""
    parts: list[dict[str, Any]] = [{} for _ in files]
    nested = {
        number: value
        for number, file in enumerate(files)
        if number and isinstance(value := _under_its_name(files, file, params), Mapping)
    }
    names = {Path(files[number].path).stem for number in nested}
    for key, value in params.items():
        if key not in names:
            for number in [n for n, file in enumerate(files) if key in file.values] or [0]:
                parts[number][key] = value
    for number, values in nested.items():
        parts[number].update(values)
    return parts


def _under_its_name(files: Sequence[ParamsFile], file: ParamsFile, params: Mapping[str, Value]) -> Value:
    """The values on which this file disagreed with one before it, where there were any."""
    name = Path(file.path).stem
    value = params.get(name)
    if any(name in one.values for one in files) or not isinstance(value, Mapping):
        return None
    return value if value.keys() <= file.values.keys() else None


def _differences(now: Value, wanted: Value, above: Key) -> Iterator[tuple[Key, Value]]:
    """The keys that have to be set, as few as can be."""
    if isinstance(now, Mapping) and isinstance(wanted, Mapping) and (wanted or not above):
        for name, value in wanted.items():
            if name not in now:
                yield (*above, name), value
            else:
                yield from _differences(now[name], value, (*above, name))
    elif not same(now, wanted):
        yield above, wanted


def _respelled(file: ParamsFile, wanted: Mapping[str, Value], source: bytes | None) -> dict[Key, Value]:
    """What the file of the run spells in another way: to other readers it may be another value."""
    found: Mapping[Key, Value] = {}
    with suppress(BrokenFile):
        found = params_file.respelled(file.path, file.data, source) if source is not None else {}
    return {
        key: value
        for key, value in found.items()
        if params_file.has(wanted, key) and same(params_file.lookup(wanted, key), value)
    }


def _leaves(value: Value, above: Key = ()) -> Iterator[tuple[Key, Value]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, (*above, name))
    else:
        yield above, value


def _without_masked(params: Mapping[str, Value]) -> dict[str, Any]:
    """What recording has masked is nobody's value."""
    kept: dict[str, Any] = {}
    for key, value in params.items():
        if isinstance(value, Mapping) and value:
            inner = _without_masked(value)
            if inner:
                kept[key] = inner
        elif not _is_masked(value):
            kept[key] = value
    return kept


def _is_masked(value: Value) -> bool:
    if isinstance(value, str):
        return MASK in value
    if isinstance(value, Mapping):
        return any(map(_is_masked, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_is_masked, value))
