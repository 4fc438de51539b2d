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

MAX_CELLS = 1 << 26
"""Rows times columns that a reader accepts, steps and times included: in memory these are two gigabytes."""
_FREE_CELLS, _CELLS_FOR_ONE = 1 << 24, 64
"""Cells that any series may have, and beyond them for each that is written: a small file must not ask for
all the memory by columns that only some of its rows have."""

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
    written = 0
    for number, data in enumerate(chunks):
        names, cells = _read_chunk(data, f"{what}, chunk {number}")
        before, count = len(times), len(cells[1])
        steps += cells[0] if MISSING not in cells[0] else [None if s is MISSING else s for s in cells[0]]
        times += cells[1]
        written += len(names) * count
        most = min(MAX_CELLS, max(_FREE_CELLS, _CELLS_FOR_ONE * written))
        if (before + count) * (len(_FIXED) + len(columns.keys() | set(names))) > most:
            raise BrokenRecord(f"{what}, chunk {number}: more than {most} cells")
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
        self._names: tuple[str, ...] = ()
        self._header = ",".join(_FIXED)
        self._size = len(self._header) + 1
        self._widths: list[int] = []
        self.lines: list[str] = []

    def add(self, row: Row) -> bool:
        """Whether `row` had room; an empty chunk has room for any."""
        values = row.values
        texts = [_TEXT[type(value)](value) for value in values.values()]
        names = tuple(values)
        fresh: list[str] = []
        if names != self._names:
            fresh = [name for name in names if name not in self._columns]
            texts = self._spread(names, fresh, texts)
        step = "" if row.step is None else _TEXT[type(row.step)](row.step)
        line = ",".join([step, repr(row.time), *texts])
        header = "".join([f",{_name_text(name)}" for name in fresh])
        size = self._size + _byte_length(line) + 1 + _byte_length(header) + len(fresh) * len(self.lines)
        if size > self._limit and self.lines:
            return False
        self._size = size
        if fresh:
            self._header += header
            self._columns.update({name: i for i, name in enumerate(fresh, len(self._columns))})
            self._names = tuple(self._columns)
        self.lines.append(line)
        self._widths.append(len(self._columns))
        return True

    def _spread(self, names: tuple[str, ...], fresh: list[str], texts: list[str]) -> list[str]:
        """A cell for each column, the fresh ones at the end."""
        cells = [""] * len(self._columns)
        for name, text in zip(names, texts, strict=True):
            if name in self._columns:
                cells[self._columns[name]] = text
        if fresh:
            by_name = dict(zip(names, texts, strict=True))
            cells += [by_name[name] for name in fresh]
        return cells

    def encode(self) -> bytes:
        width = len(self._columns)
        lines = [line + "," * (width - known) for line, known in zip(self.lines, self._widths, strict=True)]
        return "\n".join([self._header, *lines, ""]).encode()


def _byte_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


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
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    header, _, body = text.partition("\n")
    names = _read_header(header, f"{what}, line 1")
    width = len(names) + len(_FIXED)
    columns = _read_body(body.removesuffix("\n"), width, what) if body else [[] for _ in range(width)]
    _check_numbers(columns[0], {int, float, type(MISSING)}, what)
    _check_numbers(columns[1], {int, float}, what)
    return names, columns


def _read_header(line: str, where: str) -> list[str]:
    fields = _fields(line, where)
    names = [_parse_name(field, where) for field in fields[2:]]
    if tuple(fields[:2]) != _FIXED or len(set(names)) != len(names):
        raise BrokenRecord(f"{where}: not a header of step, time and metrics")
    return names


def _read_body(body: str, width: int, what: str) -> list[list[Any]]:
    """The values of all columns."""
    lines = body.split("\n")
    if '"' in body:
        cells = []
        for number, line in enumerate(lines, 2):
            fields = _fields(line, f"{what}, line {number}")
            _check_width(len(fields), width, f"{what}, line {number}")
            cells += fields
    else:
        if {line.count(",") for line in lines} != {width - 1}:
            for number, line in enumerate(lines, 2):
                _check_width(line.count(",") + 1, width, f"{what}, line {number}")
        joined = ",".join(lines)
        # Where no cell is empty, NaN or text, the whole body is one list of JSON numbers.
        values = _parse_list(joined)
        if values is not None:
            return [values[column::width] for column in range(width)]
        cells = joined.split(",")
    return [_parse_column(cells[column::width], what) for column in range(width)]


def _check_width(found: int, width: int, where: str) -> None:
    if found != width:
        raise BrokenRecord(f"{where}: {found} cells instead of {width}")


def _fields(line: str, where: str) -> list[str]:
    """The cells of one line, unquoted."""
    if '"' not in line:
        return line.split(",")
    fields: list[str] = []
    position = 0
    while position <= len(line):  # An empty cell at the end has a position, too.
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
    values = _parse_list(",".join(texts))
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
