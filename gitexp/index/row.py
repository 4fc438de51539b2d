"""A run as the index holds it: what views need, each part as text that is parsed when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

if TYPE_CHECKING:
    from gitexp.model.record import Record, RunInfo
    from gitexp.model.summary import Summary
    from gitexp.model.values import Value

SEPARATOR = "\x1f"
"""Between cells; JSON texts cannot hold it."""


class Head(NamedTuple):
    """What a listing shows of a run at one commit."""

    name: str
    commit: str
    started: float
    """Seconds since 1970."""
    ended: float | None
    status: str
    title: str | None
    group: str | None
    star: int
    tags: str
    """A JSON list, sorted."""
    cells: str
    """A JSON text for each key of the shape."""
    shape: str
    """The keys of params and metrics, as JSON: see `Shape`."""


class Tail(NamedTuple):
    """The rest of what is asked of a run, as JSON."""

    info: str
    """`run.yaml`."""
    inputs: str
    env: str
    artifacts: str
    steps: str
    series: str
    """Metric -> the fields of `Summary`."""


class Parts(NamedTuple):
    """What most runs have in common with others, as JSON."""

    inputs: str = "{}"
    env: str = "{}"
    artifacts: str = "{}"
    steps: str = "{}"


class Row(NamedTuple):
    head: Head
    tail: Tail


class Shape:
    """The keys of a run's params and metrics in the order of its cells; most runs share one with others."""

    __slots__ = ("metrics", "params", "positions")

    def __init__(self, text: str) -> None:
        self.params: list[list[str]]
        """The path of each leaf."""
        self.metrics: list[str]
        self.params, self.metrics = json.loads(text)
        paths = [".".join(path) for path in self.params]
        metrics = enumerate(self.metrics, len(paths))
        self.positions: Mapping[str, Mapping[str, int]] = {
            "params": {key: position for position, key in enumerate(paths)},
            "metrics": {key: position for position, key in metrics},
        }


@lru_cache(maxsize=256)
def shape_of(text: str) -> Shape:
    """The shape that a head names; the last few are kept."""
    return Shape(text)


def checksum(values: Iterable[object]) -> int:
    """Stands beside what is stored: a bit that flips on disk must not become a result."""
    return crc32("\x1e".join(map(str, values)).encode("utf-8", "surrogatepass"))


def checksums(columns: Iterable[Sequence[object]]) -> list[int]:
    """The checksum of each row of `columns`."""
    texts = [map(str, column) for column in columns]
    return list(map(crc32, map(str.encode, map("\x1e".join, zip(*texts, strict=True)))))


def encode(name: str, commit: str, record: Record, parts: Parts, summaries: Mapping[str, Summary]) -> Row:
    """The row of a listed record. Raises ValueError for a number beyond what JSON can hold."""
    paths, leaves = _leaves(record.params)
    shape = json.dumps([paths, list(record.metrics)])
    cells = (*leaves, *record.metrics.values())
    return row_of_cells(name, commit, record.info, shape, cells, parts, json.dumps(summaries))


def row_of_cells(
    name: str, commit: str, info: RunInfo, shape: str, cells: Iterable[Value], parts: Parts, series: str
) -> Row:
    """The row of a run whose params and metrics are the `cells` of a `shape`."""
    from gitexp.formats.record import info_value
    from gitexp.model.times import parse_time

    head = Head(
        name=name,
        commit=commit,
        started=parse_time(info.started),
        ended=parse_time(info.ended) if info.ended else None,
        status=info.status.value,
        title=info.title,
        group=info.group,
        star=int(info.star),
        tags=json.dumps(sorted(set(info.tags))),
        cells=SEPARATOR.join(map(_token, cells)),
        shape=shape,
    )
    return Row(head, Tail(json.dumps(info_value(info)), *parts, series))


def parts_of(record: Record) -> Parts:
    """The parts of a whole record."""
    from gitexp.formats.artifacts import artifacts_value
    from gitexp.formats.inputs import inputs_value

    inputs, artifacts = inputs_value(record.inputs), artifacts_value(record.artifacts)
    return Parts(json.dumps(inputs), json.dumps(record.env), json.dumps(artifacts), _steps(record))


def _steps(record: Record) -> str:
    if not (record.steps or record.steps_left_out):
        return "{}"
    # Most runs have none.
    from gitexp.formats.run_steps import steps_value

    return json.dumps(steps_value(record.steps, record.steps_left_out))


def listed_info(tail: Tail) -> RunInfo:
    """What run.yaml said."""
    from gitexp.formats.record import info_from

    return info_from(json.loads(tail.info))


def listed_record(head: Head, tail: Tail) -> Record:
    """What run.yaml, params.yaml and metrics.yaml said."""
    from gitexp.model.record import Record

    shape = shape_of(head.shape)
    values = json.loads(f"[{head.cells.replace(SEPARATOR, ',')}]")
    params: dict[str, Any] = {}
    for path, value in zip(shape.params, values, strict=False):
        node = params
        for part in path[:-1]:
            node = node.setdefault(part, {})
        node[path[-1]] = value
    metrics = dict(zip(shape.metrics, values[len(shape.params) :], strict=True))
    return Record(info=listed_info(tail), params=params, metrics=metrics)


def _token(value: Value) -> str:
    """`json.dumps` of a value, at a fraction of its cost for texts and numbers."""
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    return float.__repr__(value) if isinstance(value, float) and isfinite(value) else json.dumps(value)


def _leaves(values: Mapping[str, Value]) -> tuple[list[list[str]], list[Value]]:
    """The path of each leaf, and the leaves; lists and empty mappings are leaves."""
    paths: list[list[str]] = []
    leaves: list[Value] = []
    for key, value in values.items():
        if isinstance(value, dict) and value:
            below, inside = _leaves(value)
            paths += [[key, *path] for path in below]
            leaves += inside
        else:
            paths.append([key])
            leaves.append(value)
    return paths, leaves
