"""The metrics and step histories that a project's own programs write."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath

from gitexp.errors import BrokenFile
from gitexp.formats.params_file import decode, parse
from gitexp.formats.yaml_nodes import scalar
from gitexp.model.history import Row, Step
from gitexp.model.values import Scalar, Value

SERIES_SUFFIXES = (".jsonl", ".ndjson", ".csv", ".tsv")
STEP_COLUMNS = ("step", "epoch", "global_step", "iteration")
"""The first of these that there is is the step; the others stay metrics."""
TIME_COLUMNS = ("time", "timestamp")

_NON_FINITE = re.compile(r"([-+]?)(?:(nan)|inf(?:inity)?)", re.IGNORECASE).fullmatch


def metrics(path: str, data: bytes) -> dict[str, Scalar]:
    """The numbers, booleans, nulls and texts of a YAML, JSON or TOML file by dotted key.

    Lists and empty mappings are left out; the texts `nan`, `inf` and their like, as JSON writers that know no
    such number put them, come back as floats. Raises BrokenFile with line and column.
    """
    return _scalars(parse(path, data))


def series(path: str, data: bytes, *, default_time: float = 0.0) -> list[Row]:
    """The rows of a JSON lines, CSV or TSV file in their order; rows without a time get `default_time`.

    Where no column of `STEP_COLUMNS` exists, the step is the row's number from 0. Empty cells have no value.
    A last line of JSON that was cut in the middle, as a kill leaves it, is left out.
    Raises BrokenFile with line and, where known, column.
    """
    suffix = PurePosixPath(path).suffix.lower()
    if suffix not in SERIES_SUFFIXES:
        raise BrokenFile(
            f"cannot tell the format of {path!r}", hint=f"its name must end in {', '.join(SERIES_SUFFIXES)}"
        )
    text = decode(path, data)
    if suffix in (".jsonl", ".ndjson"):
        records = list(_json_lines(path, text))
    else:
        records = list(_table(path, text, "\t" if suffix == ".tsv" else ","))
    names = set().union(*records)
    step = next((name for name in STEP_COLUMNS if name in names), None)
    time = next((name for name in TIME_COLUMNS if name in names), None)
    return [_row(number, record, step, time, default_time) for number, record in enumerate(records)]


def _row(
    number: int, record: dict[str, Scalar], step: str | None, time: str | None, default_time: float
) -> Row:
    at: Step = number
    if step is not None:
        at = _step(record.get(step))
    when = _seconds(record.get(time)) if time is not None else None
    values = {
        name: value
        for name, value in record.items()
        if not (name == step and at is not None) and not (name == time and when is not None)
    }
    return Row(at, default_time if when is None else when, values)


def _seconds(value: Scalar) -> float | None:
    """Seconds since 1970 from a number or an ISO 8601 text; without an offset it is local time."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
        except (ValueError, OverflowError):
            return None
    return None


def _step(value: Scalar) -> Step:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _json_lines(path: str, text: str) -> Iterator[dict[str, Scalar]]:
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            if number == len(lines):
                return
            problem = error.msg[:1].lower() + error.msg[1:]
            raise BrokenFile(f"{path!r} line {number}, column {error.colno}: {problem}") from None
        except (ValueError, RecursionError) as error:
            raise BrokenFile(f"{path!r} line {number}: {error}") from None
        if not isinstance(value, dict):
            raise BrokenFile(f"{path!r} line {number}, column 1: a row must be an object")
        yield _scalars(value)


def _table(path: str, text: str, delimiter: str) -> Iterator[dict[str, Scalar]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    try:
        for cells in reader:
            if not cells:
                continue
            if not names:
                names = _header(path, cells, reader.line_num)
                continue
            if len(cells) > len(names):
                place = f"line {reader.line_num}, column {len(names) + 1}"
                raise BrokenFile(f"{path!r} {place}: {len(cells)} cells under {len(names)} names")
            yield {name: _cell(cell) for name, cell in zip(names, cells, strict=False) if cell.strip()}
    except csv.Error as error:
        raise BrokenFile(f"{path!r} line {reader.line_num}: {error}") from None


def _header(path: str, cells: Sequence[str], line: int) -> list[str]:
    names = [cell.strip() for cell in cells]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise BrokenFile(f"{path!r} line {line}, column {index + 1}: the name {name!r} stands here twice")
    return names


def _cell(text: str) -> Scalar:
    bare = text.strip()
    if bare.lower() in ("true", "false"):
        return bare.lower() == "true"
    value = scalar(bare)
    return _number(text) if isinstance(value, str) or value is None else value


def _scalars(values: Mapping[str, Value], above: str = "") -> dict[str, Scalar]:
    """The scalars by dotted name; a dot in a key is no different from one between keys, as in `log()`."""
    result: dict[str, Scalar] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            result.update(_scalars(value, f"{above}{key}."))
        elif value is None or isinstance(value, (bool, int, float, str)):
            result[above + key] = _number(value)
    return result


def _number(value: Scalar) -> Scalar:
    """`value`, or the number where it is a text that spells one that is not finite."""
    if isinstance(value, str) and _NON_FINITE(value.strip()):
        return float(value)
    return value
