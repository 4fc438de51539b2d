"""The listing of an archive: what goes in comes out, and whatever else is refused."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.errors import BrokenRecord, GitExpError
from gitexp.formats import archive
from gitexp.formats.archive import Line
from gitexp.index.row import Parts, encode
from gitexp.model.names import RunId, RunName
from gitexp.model.record import Code, Record, RunInfo, Status
from gitexp.model.summary import Summary
from gitexp.model.values import Oid
from gitexp.ops.archive.writing import line_of
from tests.formats.values import mappings, scalars, texts

_COMMITS = st.text("0123456789abcdef", min_size=40, max_size=40)


def _record(digit: str, title: str, params: Any, metrics: Any) -> Record:
    info = RunInfo(
        id=RunId("a" * 16),
        name=RunName(f"brave-otter-aaaaa{digit}"),
        status=Status.FINISHED,
        started="2026-11-23T18:05:00.123Z",
        ended="2026-11-23T18:05:01.123Z",
        code=Code(Oid("0" * 40), None, False),
        title=title,
    )
    return Record(info, params=params, metrics=metrics)


STEPS = '{"steps": [{"name": "clean", "started": "2026-11-23T18:05:00.123Z", "status": "finished"}]}'


def _line(record: Record, commit: str, at: int, steps: str = "{}") -> Line:
    summary = Summary(2, 0.5, 1, 0.25, 0, float("inf"), 1, None)
    row = encode(record.info.name, commit, record, Parts("{}", "{}", "{}", steps), {"loss": summary})
    return line_of(row, at)


_digits = st.sampled_from("abcdefgh")
_metrics = st.dictionaries(texts, scalars, max_size=4)
_records = st.builds(_record, _digits, texts.filter(bool), mappings, _metrics)
lines = st.lists(
    st.builds(_line, _records, _COMMITS, st.integers(0, archive.LATEST), st.just("{}") | st.just(STEPS)),
    max_size=4,
    unique_by=lambda line: line.name,
)


@given(lines)
def test_there_and_back(given_lines: list[Line]) -> None:
    data = archive.encode(given_lines)
    assert data == archive.encode(reversed(given_lines))
    found = archive.decode(data, what="archive")
    assert [(one.name, one.commit, one.at) for one in found] == sorted(
        (line.name, line.commit, line.at) for line in given_lines
    )
    for one, line in zip(found, sorted(given_lines), strict=True):
        assert json.dumps(one.cells) == json.dumps(json.loads(line.cells))
        assert one.shape == json.dumps(json.loads(line.shape))
        assert one.series == json.dumps(json.loads(line.series))
        assert one.info.name == one.name
        assert one.steps == line.steps


def test_a_listing_without_steps_is_as_it_was_before_there_were_any() -> None:
    record = _record("a", "title", {}, {})
    old, new = (json.loads(archive.encode([_line(record, "0" * 40, 1, text)])) for text in ("{}", STEPS))
    assert (old["format"], "steps" in old) == (1, False)
    assert (new["format"], new["steps"]["rows"]) == (2, [0])


@given(st.lists(st.tuples(st.just("brave-otter-aaaaaa"), _COMMITS), max_size=5))
def test_removals_there_and_back(pairs: list[tuple[str, str]]) -> None:
    data = archive.encode_removed(pairs)
    assert archive.decode_removed(data, what="archive") == sorted(set(pairs))


_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_COLUMNS = ("name", "commit", "at", "info", "cells", "series", "shape", "inputs", "env", "artifacts")


@given(lines.filter(bool), st.sampled_from(_COLUMNS), _JSON)
def test_what_is_put_in_place_of_a_column_is_refused_or_read(
    given_lines: list[Line], column: str, value: Any
) -> None:
    document = json.loads(archive.encode(given_lines))
    document[column] = value
    with suppress(GitExpError):  # nothing else is ever raised
        archive.decode(json.dumps(document).encode(), what="archive")


@given(st.binary(max_size=200))
def test_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(BrokenRecord):
        archive.decode(data, what="archive")
