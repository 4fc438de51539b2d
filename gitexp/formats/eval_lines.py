"""The tables of an evaluation as lines with keys: what is merged row by row, and read by people in a diff."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gitexp.errors import BrokenRecord
from gitexp.formats import eval_files as files
from gitexp.formats import eval_tables as tables
from gitexp.formats.canonical_json import to_json
from gitexp.model.evaluation import Key

_DECODERS: Mapping[str, Callable[..., tuple[Any, ...]]] = {
    files.EXAMPLES: tables.decode_examples,
    files.SCORES: tables.decode_results,
    files.USAGE: tables.decode_usage,
    files.OUTPUTS: tables.decode_outputs,
    files.TEXTS: tables.decode_texts,
}
NAMES = tuple(_DECODERS)
"""The files that are such tables."""
_STEP = 8
"""Columns grow by so much: one longer cell is not to move all the others."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row. Equal ones say the same, however it is spelled."""

    meaning: str
    """As canonical JSON."""
    data: bytes = field(compare=False)
    """As it stands in the file."""


def parse(name: str, data: bytes, *, what: str) -> dict[Key, Line]:
    """The rows of the table `name` by id and epoch, 0 where a row has none. Raises BrokenRecord."""
    rows = _DECODERS[name](data, what=what)
    found: dict[Key, Line] = {}
    for number, (row, line) in enumerate(zip(rows, data.split(b"\n"), strict=False), 1):
        try:
            found[row.id, getattr(row, "epoch", 0)] = Line(to_json(json.loads(line)), line)
        except ValueError as error:
            raise BrokenRecord(f"{what}, line {number}: {error}") from None
    return found


def unparse(rows: Mapping[Key, Line]) -> bytes:
    """The table with those rows, sorted."""
    return b"".join(rows[key].data + b"\n" for key in sorted(rows))


def shown(name: str, data: bytes) -> Iterator[str]:
    """The table for people: in columns; where there is text in it a paragraph a row. Raises BrokenRecord."""
    rows = [json.loads(line.meaning) for line in parse(name, data, what=name).values()]
    return paragraphs(rows) if name in files.TEXT_FILES else columns(rows)


def _cells(row: Mapping[str, Any]) -> dict[str, str]:
    """The texts of a row by column; scores and tags have a column each."""
    flat = {key: value for key, value in row.items() if key not in ("s", "tags")}
    flat |= {f"tag {key}": value for key, value in row.get("tags", {}).items()}
    flat |= row.get("s", {})
    return {key: value if isinstance(value, str) else to_json(value) for key, value in flat.items()}


def columns(values: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A heading, and a line for each row."""
    rows = [_cells(row) for row in values]
    first = ("id", "ep")
    names = sorted({name for row in rows for name in row})
    names.sort(key=lambda name: first.index(name) if name in first else len(first))
    widths = [_width(name, (row.get(name, "-") for row in rows)) for name in names]
    for row in [dict(zip(names, names, strict=True)), *rows]:
        cells = (row.get(name, "-").ljust(width) for name, width in zip(names, widths, strict=True))
        yield "".join(cells).rstrip()


def _width(name: str, texts: Iterable[str]) -> int:
    longest = max(len(name), *map(len, texts), 0)
    return (longest // _STEP + 1) * _STEP


def paragraphs(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The texts of each row below its id."""
    for row in rows:
        yield f"{row['id']} epoch {row['ep']}" if "ep" in row else row["id"]
        for key in sorted(row.keys() - {"id", "ep"}):
            text = row[key] if isinstance(row[key], str) else to_json(row[key])
            yield from (f"  {key}: {line}" for line in text.split("\n"))
