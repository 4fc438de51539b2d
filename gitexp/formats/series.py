"""The series of a run as CSV: `step,time,<metric>...`, a line for each `log()` call, in bounded chunks.

A cell is a JSON scalar, but for `nan`, `inf` and `-inf`; an empty one means that the row had no value.
No cell ever spans lines: strings are JSON strings (inside CSV quotes), and so is the name of a metric
that starts with a quote, has a control character or no place in UTF-8.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any

from gitexp.errors import BrokenRecord
from gitexp.model.history import MISSING, Cell, History, Row, Step

MAX_CELLS = 1 << 28
"""Rows times columns that a reader accepts: a small file must not ask for all the memory."""

_FIXED = ("step", "time")
_FIELD = re.compile(r'"((?:[^"]|"")*)"(?=,|$)|([^,"]*)(?=,|$)')
_SPECIAL = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def encode(rows: Iterable[Row], *, limit: int = 8 << 20) -> Iterator[bytes]:
    """`rows` as CSV chunks of at most `limit` bytes each; only a single row may make a larger one."""
    chunk = _Chunk(limit)
    for row in rows:
        if not chunk.add(row):
            yield chunk.encode()
            chunk = _Chunk(limit)
            chunk.add(row)
    if chunk.lines:
        yield chunk.encode()


def decode(chunks: Iterable[bytes], *, what: str) -> History:
    """The rows of all `chunks`, in order. Raises BrokenRecord that names `what`, chunk and line."""
    steps: list[Step] = []
    times: list[float] = []
    columns: dict[str, list[Cell]] = {}
    for number, data in enumerate(chunks):
        names, cells = _read_chunk(data, f"{what}, chunk {number}")
        before, count = len(times), len(cells[1])
        steps += [None if step is MISSING else step for step in cells[0]]
        times += cells[1]
        if (before + count) * len(columns.keys() | set(names)) > MAX_CELLS:
            raise BrokenRecord(f"{what}, chunk {number}: more than {MAX_CELLS} cells")
        for name, values in zip(names, cells[2:], strict=True):
            if name not in columns:
                columns[name] = [MISSING] * before
            columns[name] += values
        for column in columns.values():
            column += repeat(MISSING, before + count - len(column))
    return History(steps, times, columns)


class _Chunk:
    """The lines of one chunk; each is as wide as the columns known by then, and padded at the end."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._columns: dict[str, int] = {}
        self._keys: tuple[str, ...] = ()
        self._header = ",".join(_FIXED)
        self._size = 0
        self._widths: list[int] = []
        self.lines: list[str] = []

    def add(self, row: Row) -> bool:
        """Whether `row` had room; an empty chunk has room for any."""
        keys = tuple(row.values)
        columns, header = self._columns, self._header
        fresh = [name for name in keys if name not in columns] if keys != self._keys else ()
        if fresh:
            columns = columns | {name: len(columns) + i for i, name in enumerate(fresh)}
            header += "".join([f",{_name_text(name)}" for name in fresh])
        line = self._line(row, columns, keys)
        size = self._size + (len(line) if line.isascii() else len(line.encode())) - len(columns)
        lines = len(self.lines) + 1
        if lines > 1 and len(header.encode()) + 1 + size + lines * (len(columns) + 1) > self._limit:
            return False
        self._columns, self._header, self._size = columns, header, size
        if fresh:
            self._keys = tuple(columns)
        self.lines.append(line)
        self._widths.append(len(columns))
        return True

    def _line(self, row: Row, columns: dict[str, int], keys: tuple[str, ...]) -> str:
        step = "" if row.step is None else _cell_text(row.step)
        texts = [_cell_text(value) for value in row.values.values()]
        if len(texts) != len(columns) or keys != tuple(columns):
            cells = [""] * len(columns)
            for name, text in zip(keys, texts, strict=True):
                cells[columns[name]] = text
            texts = cells
        return ",".join([step, _cell_text(row.time), *texts])

    def encode(self) -> bytes:
        width = len(self._columns)
        lines = [line + "," * (width - known) for line, known in zip(self.lines, self._widths, strict=True)]
        return "\n".join([self._header, *lines, ""]).encode()


def _cell_text(value: object) -> str:
    return _TEXT[type(value)](value)


def _string_text(text: str) -> str:
    escaped = json.dumps(text, ensure_ascii=not text.isprintable()).replace('"', '""')
    return f'"{escaped}"'


def _name_text(name: str) -> str:
    if not name or name[0] == '"' or not name.isprintable():
        return _string_text(name)
    return f'"{name}"'.replace('"', '""')[1:-1] if '"' in name or "," in name else name


_TEXT: dict[type, Callable[[Any], str]] = {
    float: repr,
    int: repr,
    str: _string_text,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _: "null",
}


def _read_chunk(data: bytes, what: str) -> tuple[list[str], list[list[Any]]]:
    """The metrics' names, and the values of all columns (`step` and `time` first)."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BrokenRecord(f"{what}, line {line}: not UTF-8") from None
    # A working tree on Windows may have given the lines other ends.
    header, *lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    fields = _fields(header, f"{what}, line 1")
    if tuple(fields[:2]) != _FIXED or len(set(fields[2:])) != len(fields) - 2:
        raise BrokenRecord(f"{what}, line 1: not a header of step, time and metrics")
    names = [_parse_name(field, f"{what}, line 1") for field in fields[2:]]
    rows = [
        line.split(",") if '"' not in line else _fields(line, f"{what}, line {number}")
        for number, line in enumerate(lines, 2)
    ]
    for number, row in enumerate(rows, 2):
        if len(row) != len(fields):
            raise BrokenRecord(f"{what}, line {number}: {len(row)} cells instead of {len(fields)}")
    columns = (
        [_parse_column(list(cells), what) for cells in zip(*rows, strict=True)]
        if rows
        else [[] for _ in fields]
    )
    _check_numbers(columns[0], {int, float, type(MISSING)}, what)
    _check_numbers(columns[1], {int, float}, what)
    return names, columns


def _fields(line: str, where: str) -> list[str]:
    """The cells of one line, unquoted."""
    fields: list[str] = []
    position = 0
    while position <= len(line):
        match = _FIELD.match(line, position)
        if match is None:
            raise BrokenRecord(f"{where}: a quote out of place")
        quoted, bare = match.groups()
        fields.append(bare if quoted is None else quoted.replace('""', '"'))
        position = match.end() + 1
    return fields


def _parse_name(field: str, where: str) -> str:
    if not field.startswith('"'):
        return field
    name = _parse_cell(field)
    if type(name) is not str:
        raise BrokenRecord(f"{where}: {field!r} is not a name")
    return name


def _parse_column(cells: list[str], what: str) -> list[Any]:
    """The values of one column, parsed as one JSON list where that is safe."""
    texts = [_SPECIAL.get(cell, cell) or "null" for cell in cells]
    joined = ",".join(texts)
    values = _parse_list(joined)
    if values is None or len(values) != len(cells):
        values = [_parse_cell(text) for text in texts]
        for number, value in enumerate(values, 2):
            if value is MISSING:
                raise BrokenRecord(f"{what}, line {number}: cannot read the cell {cells[number - 2]!r}")
    if "" in cells:
        return [value if cell else MISSING for cell, value in zip(cells, values, strict=True)]
    return values


def _parse_list(joined: str) -> list[Any] | None:
    if "[" in joined or "{" in joined:
        return None
    try:
        values: list[Any] = json.loads(f"[{joined}]")
    except ValueError:
        return None
    return values


def _parse_cell(text: str) -> Any:
    """The scalar that `text` spells; MISSING where it spells none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return MISSING
    return MISSING if type(value) in (list, dict) else value


def _check_numbers(values: Sequence[Any], types: set[type], what: str) -> None:
    if types.issuperset(map(type, values)):
        return
    number = next(i for i, value in enumerate(values, 2) if type(value) not in types)
    raise BrokenRecord(f"{what}, line {number}: a step or time that is no number")
