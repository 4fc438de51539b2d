"""The same values in every kind of data frame, typed as they were recorded."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from typing import Any

import pandas
import polars
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.api.table import Column, Kind, Table, as_float, text_column, time_column, typed
from gitexp.errors import GitExpError

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-3, 3), st.floats(), st.text(max_size=5)
)
cells = st.one_of(
    st.lists(st.one_of(st.none(), st.booleans())),
    st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))),
    st.lists(st.one_of(st.none(), st.floats())),
    st.lists(st.one_of(st.none(), st.floats(), st.integers(-(2**53), 2**53))),
    st.lists(st.one_of(scalars, st.lists(scalars, max_size=2))),
)


def in_pandas(column: Column) -> list[Any]:
    series = Table((column,)).to_pandas()[column.name]
    return [None if cell is pandas.NA or cell is pandas.NaT else cell for cell in series]


def in_polars(column: Column) -> list[Any]:
    return Table((column,)).to_polars()[column.name].to_list()


def in_arrow(column: Column) -> list[Any]:
    return Table((column,)).to_arrow()[column.name].to_pylist()


def exact(values: Sequence[Any]) -> list[str]:
    """Every value so that -0.0, NaN, 1 and true are told from 0.0, nothing, 1.0 and 1."""
    plain = [one.item() if hasattr(one, "item") else one for one in values]
    return [f"{type(one).__name__} {one!r}" for one in plain]


@given(cells)
def test_all_frames_hold_what_the_column_holds(values: list[Any]) -> None:
    column = typed("x", values)
    expected = exact(column.values)
    assert exact(in_pandas(column)) == exact(in_polars(column)) == exact(in_arrow(column)) == expected
    assert [value is None for value in values] == [cell is None for cell in column.values]


@pytest.mark.parametrize(
    ("values", "kind", "held"),
    [
        ([1, None, -(2**63)], Kind.INTEGER, [1, None, -(2**63)]),
        ([math.nan, None, -0.0, math.inf], Kind.FLOAT, [math.nan, None, -0.0, math.inf]),
        ([1, 0.5], Kind.FLOAT, [1.0, 0.5]),
        ([2**53 + 1, 0.5], Kind.TEXT, ["9007199254740993", "0.5"]),
        ([2**63, 1], Kind.TEXT, ["9223372036854775808", "1"]),
        ([10**400, 0.5, math.nan], Kind.TEXT, ["1" + "0" * 400, "0.5", "nan"]),
        ([True, None], Kind.BOOLEAN, [True, None]),
        ([True, 1, None, "x"], Kind.TEXT, ["true", "1", None, "x"]),
        ([[1, "é"], {"a": None}], Kind.TEXT, ['[1, "é"]', '{"a": null}']),
        (["x", None, "\ud800"], Kind.TEXT, ["x", None, "\\ud800"]),
        ([None, None], Kind.TEXT, [None, None]),
        ([], Kind.TEXT, []),
    ],
)
def test_the_type_of_a_column(values: list[Any], kind: Kind, held: list[Any]) -> None:
    column = typed("x", values)
    assert column.kind is kind
    assert exact(column.values) == exact(held)


def test_the_types_of_the_frames() -> None:
    columns = (
        typed("integer", [1, None]),
        typed("float", [0.5, None]),
        typed("boolean", [True, None]),
        text_column("text", ["a", None]),
        time_column("time", [0.000001, None]),
        Column("list", Kind.LIST, [["a"], []]),
    )
    table = Table(columns)
    frame = table.to_pandas()
    assert [str(one) for one in frame.dtypes] == [
        *("Int64", "Float64", "boolean", "string", "datetime64[us, UTC]", "object")
    ]
    assert table.to_polars().dtypes == [
        *(polars.Int64, polars.Float64, polars.Boolean, polars.String),
        polars.Datetime("us", "UTC"),
        polars.List(polars.String),
    ]
    assert [str(one) for one in table.to_arrow().schema.types] == [
        *("int64", "double", "bool", "string", "timestamp[us, tz=UTC]", "list<item: string>")
    ]
    assert list(frame["list"]) == [["a"], []]
    assert table.to_dicts()[1] == {
        **dict.fromkeys(("integer", "float", "boolean", "text", "time")),
        "list": [],
    }
    assert [one.isoformat() for one in in_arrow(columns[4])[:1]] == ["1970-01-01T00:00:00.000001+00:00"]


@given(st.lists(st.one_of(st.none(), st.floats())))
def test_times_are_the_same_everywhere(seconds: list[float | None]) -> None:
    column = time_column("t", seconds)
    expected = [row["t"] for row in Table((column,)).to_dicts()]
    in_all = (in_polars(column), in_arrow(column), [one and one.to_pydatetime() for one in in_pandas(column)])
    assert all(found == expected for found in in_all)
    kept = [one for one in expected if one is not None]
    written = [one for one in seconds if one is not None and -62135596800 <= one < 253402300800]
    assert len(kept) == len(written)


def test_an_empty_table_keeps_its_columns() -> None:
    table = Table((typed("a", []), Column("b", Kind.LIST, []), time_column("c", [])))
    assert len(table) == 0
    assert list(table.to_pandas()) == table.to_polars().columns == table.to_arrow().column_names
    assert table.to_dicts() == []


def test_nan_is_a_value_and_what_is_missing_is_not() -> None:
    table = Table((typed("x", [math.nan, None]),))
    assert table.to_pandas()["x"].isna().tolist() == [False, True]
    assert table.to_polars()["x"].is_null().to_list() == [False, True]
    assert table.to_arrow()["x"].is_null().to_pylist() == [False, True]


@given(st.one_of(st.integers(), st.floats(), st.booleans(), st.text()))
def test_a_number_becomes_a_float_only_where_it_stays_itself(value: Any) -> None:
    found = as_float(value)
    if isinstance(value, float):
        assert found is value
    elif isinstance(value, int) and not isinstance(value, bool) and found is not None:
        assert int(found) == value
    else:
        assert found is None


@pytest.mark.parametrize("package", ["pandas", "polars", "pyarrow"])
def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    method = {"pyarrow": "to_arrow"}.get(package, f"to_{package}")
    table = Table((typed("x", [1]),))
    assert len(getattr(table, method)()) == 1
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(GitExpError) as caught:
        getattr(table, method)()
    assert caught.value.hint == f"pip install {package}"


def test_lists_are_json() -> None:
    column = typed("x", [[1, [2.5, None]], "a"])
    assert json.loads(column.values[0]) == [1, [2.5, None]]
    assert pyarrow.array(column.values).to_pylist() == column.values
