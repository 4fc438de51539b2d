"""The listing of an archive: runs by columns, in files of bounded size; docs/data-model.md specifies them.

A file is one JSON document with a line for each column, and the runs in the order of their names. A column
of what many runs share has each value once. Numbers may be NaN, Infinity and -Infinity, as Python has them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from gitexp.errors import BrokenRecord, NewerFormat
from gitexp.formats import record as files
from gitexp.formats.artifacts import artifacts_from, artifacts_value
from gitexp.formats.inputs import inputs_from, inputs_value
from gitexp.formats.record_fields import FAULTS
from gitexp.model.names import RunName, parse_name
from gitexp.model.record import RunInfo
from gitexp.model.summary import Summary
from gitexp.model.values import Oid, Value

FORMAT = 2
"""Of files with `steps`; those without, which have all that gitexp wrote before it knew of them, are of 1."""
MAX_RUNS = 500
"""Of one file."""
MAX_SIZE = 8 << 20
"""Bytes of one file; a longer one is not read."""
MAX_DEPTH = 64
"""Of lists and mappings in each other."""
LATEST = 253_402_300_799
"""The last second of the year 9999."""

_WORDS = ("name", "commit", "at")
_PLAIN = (*_WORDS, "info", "cells", "series")
_SHARED = ("shape", "inputs", "env", "artifacts")
_STEPS = "steps"
"""A column that is there only where some run has steps."""
_RUNS = {"format", *_PLAIN, *_SHARED}
_REMOVED = {"format", "name", "commit"}
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)


class Line(NamedTuple):
    """What the listing says of a run; JSON where nothing else is said."""

    name: str
    """The name itself."""
    commit: str
    """The id itself."""
    at: int
    """When the commit was made, in seconds since 1970."""
    info: str
    """`run.yaml`."""
    shape: str
    """The paths of the params' leaves, and the names of the metrics."""
    cells: str
    """A list with a value for each of them."""
    inputs: str
    env: str
    artifacts: str
    steps: str
    series: str
    """Metric -> the fields of `Summary`."""


class Listed(NamedTuple):
    """A line that was read and is sound."""

    name: RunName
    commit: Oid
    at: int
    info: RunInfo
    shape: str
    cells: Sequence[Value]
    inputs: str
    env: str
    artifacts: str
    steps: str
    series: str


def encode(lines: Iterable[Line]) -> bytes:
    """The file of these runs; the same runs give the same bytes, whatever their order."""
    rows = sorted(lines)
    shared = (*_SHARED, _STEPS) if any(row.steps != "{}" for row in rows) else _SHARED
    columns = {"format": str(FORMAT if _STEPS in shared else 1)}
    for key in _PLAIN:
        values = [getattr(row, key) for row in rows]
        columns[key] = json.dumps(values) if key in _WORDS else _listed(values)
    for key in shared:
        texts = [getattr(row, key) for row in rows]
        numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        places = _listed(str(numbers[text]) for text in texts)
        columns[key] = f'{{"values":{_listed(numbers)},"rows":{places}}}'
    return _document(columns)


def encode_removed(runs: Iterable[tuple[str, str]]) -> bytes:
    """The file that says of runs, by name and commit, that the archive holds them no more."""
    pairs = sorted(set(runs))
    columns = {
        "format": "1",
        "name": json.dumps([name for name, _ in pairs]),
        "commit": json.dumps([commit for _, commit in pairs]),
    }
    return _document(columns)


def decode(data: bytes, *, what: str) -> list[Listed]:
    """The runs of a file, each sound in itself. Raises BrokenRecord, NewerFormat."""
    value = _parsed(data, _RUNS, what)
    try:
        return list(_read(value))
    except BrokenRecord as error:
        raise BrokenRecord(f"{what}: {error.message}") from None
    except FAULTS as error:
        raise BrokenRecord(f"{what} is damaged: {type(error).__name__}") from None


def decode_removed(data: bytes, *, what: str) -> list[tuple[RunName, Oid]]:
    """Names and commits of runs that are no more. Raises BrokenRecord, NewerFormat."""
    value = _parsed(data, _REMOVED, what)
    try:
        names, commits = _names(value["name"], None), _commits(value["commit"], len(value["name"]))
    except FAULTS as error:
        raise BrokenRecord(f"{what} is damaged: {error}") from None
    return list(zip(names, commits, strict=True))


def _listed(texts: Iterable[str]) -> str:
    return "[" + ",".join(texts) + "]"


def _document(columns: Mapping[str, str]) -> bytes:
    body = ",\n".join(f'"{key}":{text}' for key, text in columns.items())
    return f"{{\n{body}\n}}\n".encode("ascii")


def _parsed(data: bytes, keys: set[str], what: str) -> dict[str, Any]:
    if len(data) > MAX_SIZE:
        raise BrokenRecord(f"{what} has {len(data)} bytes, more than the {MAX_SIZE} that are read")
    try:
        value: Any = json.loads(data)
    except (ValueError, RecursionError):
        raise BrokenRecord(f"{what} is not JSON") from None
    if not isinstance(value, dict):
        raise BrokenRecord(f"{what} is not the listing of an archive")
    version = value.get("format")
    if type(version) is not int or version < 1:
        raise BrokenRecord(f"{what} is not the listing of an archive")
    if version > FORMAT:
        raise NewerFormat(
            f"{what}: format {version} is newer than this gitexp reads ({FORMAT})",
            hint="pip install -U gitexp",
        )
    if value.keys() - {_STEPS} != keys or not all(_is_shallow(value[key], MAX_DEPTH) for key in value):
        raise BrokenRecord(f"{what} is not the listing of an archive")
    return value


def _read(value: Mapping[str, Any]) -> Iterator[Listed]:
    names = _names(value["name"], MAX_RUNS)
    count = len(names)
    columns = (
        _commits(value["commit"], count),
        _column(value["at"], count),
        _column(value["info"], count),
        *(_shared(value["shape"], count, _shape)),
        _column(value["cells"], count),
        *(_shared(value["inputs"], count, _inputs)),
        *(_shared(value["env"], count, _env)),
        *(_shared(value["artifacts"], count, _artifacts)),
        *(_shared(value[_STEPS], count, _steps) if _STEPS in value else (["{}"] * count,)),
        _column(value["series"], count),
    )
    for row in zip(names, *columns, strict=True):
        name, commit, at, info, shape, cells, inputs, env, artifacts, steps, series = row
        text, leaves, width = shape
        if type(at) is not int or not 0 <= at <= LATEST:
            raise BrokenRecord(f"run {name!r} has no time")
        found = files.info_from(_mapping(info))
        if not found.status.ended:
            raise BrokenRecord(f"run {name!r} has not ended")
        _check_cells(cells, leaves, width)
        yield Listed(name, commit, at, found, text, cells, inputs, env, artifacts, steps, _series(series))


def _names(values: Any, most: int | None) -> list[RunName]:
    names = [parse_name(value) for value in _column(values, None)]
    if most is not None and len(names) > most:
        raise BrokenRecord(f"{len(names)} runs, more than {most}")
    if most is not None and any(a >= b for a, b in pairwise(names)):
        raise BrokenRecord("the names are not in order")
    return names


def _commits(values: Any, count: int) -> list[Oid]:
    commits = _column(values, count)
    if not all(isinstance(one, str) and _OID.fullmatch(one) for one in commits):
        raise BrokenRecord("a commit that is no object id")
    return commits


def _column(values: Any, count: int | None) -> list[Any]:
    if type(values) is not list or (count is not None and len(values) != count):
        raise BrokenRecord("a column that is not as long as the others")
    return values


def _shared(value: Any, count: int, checked: Any) -> tuple[list[Any]]:
    """What each run has, of a column that names each value once."""
    if type(value) is not dict or value.keys() != {"values", "rows"}:
        raise BrokenRecord("a column that is no column")
    values = [checked(one) for one in _column(value["values"], None)]
    rows = _column(value["rows"], count)
    if not all(type(row) is int and 0 <= row < len(values) for row in rows):
        raise BrokenRecord("a value that is not there")
    return ([values[row] for row in rows],)


def _shape(value: Any) -> tuple[str, int, int]:
    """Its text, how many leaves it has, and how many cells."""
    paths, metrics = value
    keys = [tuple(path) for path in paths]
    texts = [*metrics, *(part for path in keys for part in path)]
    if not all(isinstance(one, str) for one in texts) or () in keys or type(metrics) is not list:
        raise BrokenRecord("keys that are no texts")
    above = {path[:end] for path in keys for end in range(1, len(path))}
    if len({*keys}) != len(keys) or len({*metrics}) != len(metrics) or not above.isdisjoint(keys):
        raise BrokenRecord("keys that are there twice")
    return json.dumps([[list(path) for path in keys], metrics]), len(keys), len(keys) + len(metrics)


def _check_cells(cells: Any, leaves: int, width: int) -> None:
    if type(cells) is not list or len(cells) != width:
        raise BrokenRecord("values that do not belong to the keys")
    for at, cell in enumerate(cells):
        if (type(cell) is dict and cell) or (at >= leaves and isinstance(cell, (dict, list))):
            raise BrokenRecord("a value that is no single one")


def _inputs(value: Any) -> str:
    return json.dumps(inputs_value(inputs_from(_mapping(value))))


def _env(value: Any) -> str:
    return json.dumps(_mapping(value))


def _artifacts(value: Any) -> str:
    return json.dumps(artifacts_value(artifacts_from(_mapping(value))))


def _steps(value: Any) -> str:
    # Most archives have none.
    from gitexp.formats.run_steps import steps_from, steps_value

    return json.dumps(steps_value(*steps_from(_mapping(value))))


def _series(value: Any) -> str:
    width = len(Summary._fields)
    for fields in _mapping(value).values():
        if type(fields) is not list or len(fields) != width or type(fields[0]) is not int:
            raise BrokenRecord("a series that is not told in short")
        if any(isinstance(one, (dict, list)) for one in fields):
            raise BrokenRecord("a series that is not told in short")
        if any(isinstance(one, (str, bool)) for one in fields[2:]):
            raise BrokenRecord("a series whose extremes are no numbers")
    return json.dumps(value)


def _mapping(value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise BrokenRecord("a value that is no mapping")
    return value


def _is_shallow(value: Any, left: int) -> bool:
    """Whether what is in `value` is no deeper than `left`."""
    if type(value) is dict:
        value = value.values()
    elif type(value) is not list:
        return True
    return left > 0 and all(_is_shallow(one, left - 1) for one in value if type(one) in (dict, list))
