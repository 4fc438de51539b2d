"""The tables of an evaluation as JSON lines, and back: one line a row, sorted, so that one changed example
is one changed line. docs/data-model.md, section 19, specifies them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

from gitexp.errors import BrokenRecord, GitExpError
from gitexp.formats import record_fields as fields
from gitexp.formats.canonical_json import to_json
from gitexp.formats.ordering import without_none
from gitexp.formats.record_fields import FAULTS
from gitexp.model.evaluation import (
    MAX_EPOCH,
    Example,
    Output,
    Result,
    State,
    Text,
    Usage,
    check_label,
    is_hash,
    is_score,
)
from gitexp.model.values import Scalar

MAX_TABLE = 64 << 20
"""Bytes of one table."""
MAX_ROWS = 1_000_000
MAX_LINE = 64 << 10
"""Bytes of one row; only rows of text may be longer."""
MAX_SCORES = 1000
"""Metrics, or tags, of one row."""

_STATES = {one.value: one for one in State}
_parse = json.JSONDecoder().raw_decode
"""Half the time of `json.loads`, which looks for encodings and blanks."""
_check_name = lru_cache(4096)(check_label)
"""Names of metrics and tags are the same in every row."""
T = TypeVar("T")


def encode_examples(examples: Iterable[Example]) -> bytes:
    return _lines(
        without_none({"id": one.id, "x": one.x, "y": one.y, "c": one.cluster, "tags": dict(one.tags) or None})
        for one in sorted(examples, key=attrgetter("id"))
    )


def encode_results(results: Iterable[Result]) -> bytes:
    return _lines(
        {"ep": one.epoch, "id": one.id, "s": dict(one.scores)}
        if one.state is State.OK
        else {"ep": one.epoch, "id": one.id, "s": dict(one.scores), "st": one.state.value}
        for one in sorted(results, key=attrgetter("key"))
    )


def encode_usage(usage: Iterable[Usage]) -> bytes:
    return _lines(
        {**one.values, "ep": one.epoch, "id": one.id} for one in sorted(usage, key=attrgetter("key"))
    )


def encode_outputs(outputs: Iterable[Output]) -> bytes:
    return _lines(
        {"ep": one.epoch, "id": one.id}
        | without_none({"output": one.output, "answer": one.answer, "why": one.why, "error": one.error})
        for one in sorted(outputs, key=attrgetter("key"))
    )


def encode_texts(texts: Iterable[Text]) -> bytes:
    return _lines(
        without_none({"id": one.id, "input": one.input, "target": one.target})
        for one in sorted(texts, key=attrgetter("id"))
    )


def decode_examples(data: bytes, *, what: str) -> tuple[Example, ...]:
    """The rows of `examples.jsonl`. This and the others raise BrokenRecord that names `what` and the line."""
    return _read(data, what, example_from, attrgetter("id"))


def decode_results(data: bytes, *, what: str) -> tuple[Result, ...]:
    return _read(data, what, result_from, attrgetter("key"))


def decode_usage(data: bytes, *, what: str) -> tuple[Usage, ...]:
    return _read(data, what, usage_from, attrgetter("key"))


def decode_outputs(data: bytes, *, what: str) -> tuple[Output, ...]:
    return _read(data, what, output_from, attrgetter("key"), longest=MAX_TABLE)


def decode_texts(data: bytes, *, what: str) -> tuple[Text, ...]:
    return _read(data, what, text_from, attrgetter("id"), longest=MAX_TABLE)


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    text = "".join([f"{to_json(row)}\n" for row in rows])
    # What no UTF-8 file can hold is told apart no more.
    return text.encode("utf-8", "replace")


def _read(
    data: bytes,
    what: str,
    row_of: Callable[[dict[str, Any]], T],
    key: Callable[[T], Any],
    *,
    longest: int = MAX_LINE,
) -> tuple[T, ...]:
    if len(data) > MAX_TABLE:
        raise BrokenRecord(f"{what} is too large: {len(data)} bytes, where {MAX_TABLE} are allowed")
    lines = data.split(b"\n", MAX_ROWS + 1)
    if lines.pop():
        why = f"more than {MAX_ROWS} rows" if len(lines) > MAX_ROWS else "the last line has no end"
        raise BrokenRecord(f"{what}: {why}")
    rows: list[T] = []
    last: Any = None
    for number, line in enumerate(lines, 1):
        row = _row(line, f"{what}, line {number}", row_of, longest)
        found = key(row)
        if last is not None and found <= last:
            fault = "occurs twice" if found == last else "is out of order"
            raise BrokenRecord(f"{what}, line {number}: {_told(found)} {fault}")
        last = found
        rows.append(row)
    return tuple(rows)


def _row(line: bytes, where: str, row_of: Callable[[dict[str, Any]], T], longest: int) -> T:
    if len(line) > longest:
        raise BrokenRecord(f"{where}: more than {longest} bytes")
    try:
        text = line.decode()
        value, end = _parse(text)
        if type(value) is not dict or end != len(text):
            raise BrokenRecord("not a JSON object and nothing more")
        return row_of(value)
    except GitExpError as error:
        raise BrokenRecord(f"{where}: {error.message}") from None
    except KeyError as error:
        raise BrokenRecord(f"{where}: no {error.args[0]!r}") from None
    except FAULTS as error:
        raise BrokenRecord(f"{where}: {error}") from None


def example_from(row: dict[str, Any]) -> Example:
    """A row as `encode_examples` has it. This and the others raise BrokenRecord, or any of FAULTS."""
    y, cluster = row.get("y"), row.get("c")
    if not is_hash(row["x"]) or not (y is None or is_hash(y)):
        raise BrokenRecord("'x' or 'y' is not a hash of 16 hexadecimal digits")
    return Example(
        check_label("id", row["id"]),
        row["x"],
        y,
        None if cluster is None else check_label("cluster", cluster),
        _tags(row.get("tags")),
    )


def _tags(value: object) -> Mapping[str, Scalar]:
    tags = fields.scalars(fields.mapping(value))
    _check_count(tags)
    for name, item in tags.items():
        _check_name("tag", name)
        if type(item) is str:
            _check_name("tag", item)
        elif not (type(item) is bool or is_score(item)):
            raise BrokenRecord(f"tag {name!r} has no value")
    return tags


def result_from(row: dict[str, Any]) -> Result:
    scores = fields.mapping(row["s"])
    _check_scores(scores)
    state = row.get("st", "ok")
    if state not in _STATES:
        raise BrokenRecord(f"unknown state {state!r:.80}")
    return Result(check_label("id", row["id"]), _epoch(row), scores, _STATES[state])


def usage_from(row: dict[str, Any]) -> Usage:
    id, epoch = check_label("id", row.pop("id")), _epoch(row)
    del row["ep"]
    _check_scores(row)
    return Usage(id, epoch, row)


def output_from(row: dict[str, Any]) -> Output:
    text = fields.text_or_none
    return Output(
        check_label("id", row["id"]),
        _epoch(row),
        row.get("output"),
        text(row.get("answer")),
        text(row.get("why")),
        text(row.get("error")),
    )


def text_from(row: dict[str, Any]) -> Text:
    return Text(check_label("id", row["id"]), row.get("input"), row.get("target"))


def _epoch(row: Mapping[str, Any]) -> int:
    epoch = row["ep"]
    if type(epoch) is not int or not 0 <= epoch < MAX_EPOCH:
        raise BrokenRecord(f"{epoch!r:.80} is not an epoch")
    return epoch


def _check_scores(scores: Mapping[str, Any]) -> None:
    _check_count(scores)
    for name, value in scores.items():
        _check_name("metric", name)
        if not is_score(value):
            raise BrokenRecord(f"{name!r} is not a finite number")


def _check_count(found: Mapping[str, Any]) -> None:
    if len(found) > MAX_SCORES:
        raise BrokenRecord(f"{len(found)} values, where {MAX_SCORES} are allowed")


def _told(key: Any) -> str:
    return f"example {key!r}" if isinstance(key, str) else f"example {key[0]!r} in epoch {key[1]}"
