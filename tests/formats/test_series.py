from __future__ import annotations

import csv
import io
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.errors import BrokenRecord
from gitexp.formats.series import decode, encode
from gitexp.model.history import History, Row
from tests.formats.test_rows import FLOATS, NAMES, SCALARS, STEPS, random_floats, same

ROWS = st.builds(Row, STEPS, st.integers(0, 2**40) | FLOATS, st.dictionaries(NAMES, SCALARS, max_size=6))


def as_tuples(rows: Any) -> list[Any]:
    return [(row.step, row.time, dict(sorted(row.values.items()))) for row in rows]


def round_trip(rows: list[Row], limit: int = 8 << 20) -> History:
    return decode(list(encode(rows, limit=limit)), what="series")


@given(st.lists(ROWS, max_size=30), st.integers(1, 2000))
def test_rows_come_back_exactly_from_chunks_of_any_size(rows: list[Row], limit: int) -> None:
    assert same(as_tuples(round_trip(rows, limit).rows()), as_tuples(rows))


@given(st.lists(ROWS, max_size=30), st.integers(1, 2000))
def test_a_chunk_exceeds_the_limit_for_a_single_row_only(rows: list[Row], limit: int) -> None:
    for chunk in encode(rows, limit=limit):
        assert len(chunk) <= limit or chunk.count(b"\n") == 2


@given(st.lists(ROWS, max_size=20))
def test_same_rows_same_bytes_and_any_csv_reader_sees_the_cells(rows: list[Row]) -> None:
    chunks = list(encode(rows))
    assert chunks == list(encode(decode(chunks, what="series").rows()))
    for chunk in chunks:
        table = list(csv.reader(io.StringIO(chunk.decode(), newline="")))
        assert {len(line) for line in table} == {len(table[0])}
        assert len(table) == chunk.count(b"\n"), "a cell spans lines"


def test_every_float_keeps_its_bits() -> None:
    values = random_floats(50_000)
    history = round_trip([Row(value, value, {"x": value}) for value in values])
    assert same(history.steps, values)
    assert same(history.times, values)
    assert same(history.columns["x"], values)


def test_the_text_is_what_the_format_says() -> None:
    rows = [
        Row(0, 12.5, {"loss": 0.1, "phase": "a,b"}),
        Row(None, 13.0, {"loss": math.nan, "ok": True}),
        Row(2.5, 13.125, {"ok": None, "a,b": -0.0, '"': 1}),
        Row(2, 14.0, {}),
    ]
    (chunk,) = encode(rows)
    assert chunk.decode().splitlines() == [
        'step,time,loss,phase,ok,"a,b","""\\"""""',
        '0,12.5,0.1,"""a,b""",,,',
        ",13.0,nan,,true,,",
        "2.5,13.125,,,null,-0.0,1",
        "2,14.0,,,,,",
    ]
    assert same(as_tuples(round_trip(rows).rows()), as_tuples(rows))


def test_no_rows_are_no_chunks() -> None:
    assert list(encode([])) == []
    assert decode([], what="series") == History([], [], {})


def test_many_metrics_late_ones_two_axes_and_steps_out_of_order() -> None:
    wide = {f"layer.{i}/norm": i / 3 for i in range(200)}
    rows = [Row(step, 100.0 + i, wide) for i, step in enumerate([5, 3, 3, 7])]
    rows += [Row(step, 200.0, {"train/step": step, "train/loss": 0.1 * step}) for step in (1, 2)]
    rows += [Row(None, 201.0, {"infer/step": 10.5, "infer/loss": 1}), Row(0, 202.0, {"late": "x"})]
    for limit in (8 << 20, 3000):
        history = round_trip(rows, limit)
        assert same(as_tuples(history.rows()), as_tuples(rows))
        assert list(history.columns) == [
            *wide,
            "train/step",
            "train/loss",
            "infer/step",
            "infer/loss",
            "late",
        ]
    series = round_trip(rows).series("layer.1/norm")
    assert series.steps == [5, 3, 3, 7]
    assert series.times == [100.0, 101.0, 102.0, 103.0]
    assert round_trip(rows).series("late").steps == [0]


def test_metrics_named_step_and_time_are_metrics() -> None:
    rows = [Row(1, 2.0, {"step": 3, "time": 4.5})]
    assert same(as_tuples(round_trip(rows).rows()), as_tuples(rows))


def test_text_of_any_length_and_kind() -> None:
    rows = [Row(0, 1.0, {"text": "x" * 1_000_000}), Row(1, 2.0, {"text": '[{"\r\n\u2028\x85\ud800é"}]'})]
    assert same(as_tuples(round_trip(rows).rows()), as_tuples(rows))


def test_other_line_ends_read_the_same() -> None:
    (chunk,) = encode([Row(0, 1.0, {"a": 1}), Row(1, 2.0, {"a": None})])
    assert decode([chunk.replace(b"\n", b"\r\n")], what="series") == decode([chunk], what="series")


@pytest.mark.parametrize(
    ("chunk", "message"),
    [
        (b"", "chunk 1, line 1: not a header"),
        (b"time,step\n", "chunk 1, line 1: not a header"),
        (b"step,time,a,a\n", "chunk 1, line 1: not a header"),
        (b'step,time,"""a\n', "chunk 1, line 1: a quote out of place"),
        (b'step,time,"""a"\n', "chunk 1, line 1: '\"a' is not a name"),
        (b"step,time,a\n0,1.0,1\n0,1.0\n", "chunk 1, line 3: 2 cells instead of 3"),
        (b'step,time,a\n0,1.0,"""x"""\n0,1.0,1,2\n', "chunk 1, line 3: 4 cells instead of 3"),
        (b"step,time,a\n0,1.0,1\n1,1.0,x\n", "chunk 1, line 3: cannot read the cell 'x'"),
        (b"step,time,a\n0,1.0,[1]\n", "chunk 1, line 2: cannot read the cell '\\[1\\]'"),
        (b"step,time,a\n0,1.0," + b"[" * 100_000 + b"\n", "chunk 1, line 2: cannot read the cell"),
        (b"step,time,a\n0,1.0," + b"1" * 10_000 + b"\n", "chunk 1, line 2: cannot read the cell"),
        (b'step,time,a\n0,1.0,"1,2"\n', "chunk 1, line 2: cannot read the cell '1,2'"),
        (b'step,time,a\n0,1.0,"x"y\n', "chunk 1, line 2: a quote out of place"),
        (b"step,time\n0,1.0\n1,\n", "chunk 1, line 3: a step or time that is no number"),
        (b"step,time\n0,1.0\ntrue,1.0\n", "chunk 1, line 3: a step or time that is no number"),
        (b"step,time\n0,1.0\n\xff,1.0\n", "chunk 1, line 3: not UTF-8"),
    ],
)
def test_a_broken_chunk_is_named_with_its_line(chunk: bytes, message: str) -> None:
    with pytest.raises(BrokenRecord, match=f"^series of 'x', {message}"):
        decode([b"step,time\n", chunk], what="series of 'x'")


def test_a_small_file_cannot_ask_for_all_the_memory() -> None:
    wide = b"step,time," + b",".join(b"%d" % i for i in range(100_000)) + b"\n"
    tall = b"step,time\n" + b"0,1.0\n" * 10_000
    with pytest.raises(BrokenRecord, match="more than"):
        decode([wide, tall], what="series")


@given(st.binary(max_size=200) | st.text(alphabet='step,time\n"0.1[]{}nul', max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for chunk in (data, b"step,time,a\n" + data):
        try:
            history = decode([chunk], what="series")
        except BrokenRecord:
            continue
        assert same(as_tuples(round_trip(list(history.rows())).rows()), as_tuples(history.rows()))
