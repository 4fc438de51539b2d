from __future__ import annotations

import math
import struct
from random import Random
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.formats.rows import Damage, Decoded, decode, encode, encode_metrics

BITS = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", bits.to_bytes(8, "little"))[0])
FLOATS = BITS | st.floats() | st.sampled_from([-0.0, 5e-324, 1.7976931348623157e308, math.nan, math.inf])
SCALARS = st.none() | st.booleans() | st.integers() | st.integers(2**63, 2**70) | FLOATS | st.text()
NAMES = st.text() | st.sampled_from(["loss", "a\nb", "\ud800", '"', "00000000 ["])
STEPS = st.none() | st.integers() | FLOATS


def same(one: Any, other: Any) -> bool:
    """Equal in type and, for floats, in bits; every NaN is the one NaN."""
    if isinstance(one, float) and isinstance(other, float):
        return (one != one and other != other) or struct.pack("<d", one) == struct.pack("<d", other)
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


@given(st.floats(0, 2e9), STEPS, st.dictionaries(NAMES, SCALARS, max_size=8))
def test_metrics_come_back_exactly(time: float, step: Any, values: dict[str, Any]) -> None:
    decoded = decode(encode_metrics(time, step, values))
    assert decoded.damaged == []
    assert same(decoded.rows, [["m", time, step, values]])


def random_floats(count: int) -> list[float]:
    """Floats of any bit pattern, subnormals and NaN among them, and the extremes."""
    bits = Random(7).randbytes(8 * count)
    extremes = [0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308]
    return [*struct.unpack(f"<{count}d", bits), *extremes, math.nan, math.inf, -math.inf]


def test_every_float_keeps_its_bits() -> None:
    values = random_floats(50_000)
    (row,) = decode(encode(["s", 0.5, values])).rows
    assert same(row[2], values)


def test_a_row_is_one_line_of_text_with_its_checksum() -> None:
    assert encode(["p", 1.5, {"lr": 1e-05}]) == b'fe419ac1 ["p",1.5,{"lr":1e-05}]\n'
    assert encode_metrics(1.5, 3, {"loss": math.nan, "é\n": -math.inf}).count(b"\n") == 1
    assert encode_metrics(1.5, 3, {"loss": 0.25}) == encode(["m", 1.5, 3, {"loss": 0.25}])


def test_nothing_is_nothing() -> None:
    assert decode(b"") == Decoded([], 0, [])


def rows_of(count: int) -> list[bytes]:
    return [encode_metrics(i + 0.5, i, {"loss": i / 7, "text": f"row {i}"}) for i in range(count)]


@pytest.mark.parametrize("tail", [b"0", b"1d4a2ab6 [", b"\0" * 4096, b"\0" * 10 + b"\n" + b"\0" * 7])
def test_a_torn_or_zeroed_tail_is_cut_and_reported(tail: bytes) -> None:
    data = b"".join(rows_of(5))
    decoded = decode(data + tail)
    assert [row[2] for row in decoded.rows] == [0, 1, 2, 3, 4]
    assert decoded.good == len(data)
    assert decoded.damaged == [Damage(len(data), len(tail))]


def test_every_cut_of_the_last_row_leaves_the_others() -> None:
    rows = rows_of(3)
    data = b"".join(rows)
    for end in range(len(data) - len(rows[2]) + 1, len(data)):
        decoded = decode(data[:end])
        assert len(decoded.rows) == 2
        assert decoded.good == len(rows[0]) + len(rows[1])
        assert decoded.damaged == [Damage(decoded.good, end - decoded.good)]


def test_a_damaged_newline_takes_one_row_only() -> None:
    rows = rows_of(3)
    joined = rows[0][:-1] + b"?" + rows[1] + rows[2]
    decoded = decode(joined)
    assert [row[2] for row in decoded.rows] == [1, 2]
    assert decoded.damaged == [Damage(0, len(rows[0]))]


@pytest.mark.parametrize(
    "payload", [b"[]", b"{}", b"7", b"[1],[2]", b'["m"]', b'["m","x"]', b"[", b"[" * 99999]
)
def test_a_right_checksum_over_something_else_is_damage(payload: bytes) -> None:
    good = rows_of(1)[0]
    line = b"%08x %b\n" % (crc32(payload), payload)
    decoded = decode(line + good)
    assert [row[2] for row in decoded.rows] == [0]
    assert decoded.damaged == [Damage(0, len(line))]


def test_a_line_of_false_row_starts_is_given_up_soon() -> None:
    assert decode(b'00000000 ["' * 200_000 + b"\n").rows == []


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    decoded = decode(data)
    assert sum(part.length for part in decoded.damaged) == len(data) or decoded.rows


@st.composite
def corruptions(draw: st.DrawFn) -> tuple[list[bytes], bytes, set[int]]:
    """Rows, their bytes with one corruption, and which of the rows it did not touch."""
    rows = rows_of(draw(st.integers(1, 12)))
    data = b"".join(rows)
    start = draw(st.integers(0, len(data) - 1))
    end = min(len(data), start + draw(st.integers(1, 200)))
    kind = draw(st.sampled_from(["flip", "zero", "truncate", "insert", "duplicate"]))
    if kind == "flip":
        end = start + 1
        new = bytes([data[start] ^ 1 << draw(st.integers(0, 7))])
    elif kind == "zero":
        new = bytes(end - start)
    elif kind == "truncate":
        new, end = b"", len(data)
    elif kind == "insert":
        new, end = draw(st.binary(min_size=1, max_size=100)), start
    else:
        new, end = data[start:end], start
    untouched = set()
    offset = 0
    for index, row in enumerate(rows):
        inside_insertion = start == end and offset < start < offset + len(row)
        if offset + len(row) <= start or (offset >= end and not inside_insertion):
            untouched.add(index)
        offset += len(row)
    return rows, data[:start] + new + data[end:], untouched


@settings(max_examples=400)
@given(corruptions())
def test_all_untouched_rows_are_read_and_the_damage_is_reported(
    case: tuple[list[bytes], bytes, set[int]],
) -> None:
    rows, data, untouched = case
    decoded = decode(data)
    found = [encode(row) for row in decoded.rows]
    assert untouched <= {rows.index(row) for row in found}, "a row that nothing touched is lost"
    # Whole rows that were taken away or doubled leave no trace; anything else is told.
    assert decoded.damaged or b"".join(found) == data
    assert sum(part.length for part in decoded.damaged) + sum(map(len, found)) == len(data)


@pytest.mark.long
@settings(max_examples=20_000, deadline=None)
@given(corruptions())
def test_many_corruptions(case: tuple[list[bytes], bytes, set[int]]) -> None:
    rows, data, untouched = case
    assert untouched <= {rows.index(encode(row)) for row in decode(data).rows}
