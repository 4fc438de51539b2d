"""Data frames of pandas, Polars and Arrow, each imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gitexp.api.table import Column, Kind, Table
from gitexp.errors import GitExpError

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


def to_pandas(table: Table) -> pandas.DataFrame:
    """Raises GitExpError where pandas is not installed."""
    package = _package("pandas")
    arrays = {one.name: _pandas_array(package, one) for one in table.columns}
    frame: pandas.DataFrame = package.DataFrame(arrays, copy=False)
    return frame


def to_polars(table: Table) -> polars.DataFrame:
    """Raises GitExpError where Polars is not installed."""
    package = _package("polars")
    types = {
        Kind.TEXT: package.String,
        Kind.INTEGER: package.Int64,
        Kind.FLOAT: package.Float64,
        Kind.BOOLEAN: package.Boolean,
        Kind.TIME: package.Int64,
        Kind.LIST: package.List(package.String),
    }
    made = []
    for one in table.columns:
        series = package.Series(one.name, one.values, dtype=types[one.kind])
        made.append(series.cast(package.Datetime("us", "UTC")) if one.kind is Kind.TIME else series)
    frame: polars.DataFrame = package.DataFrame(made)
    return frame


def to_arrow(table: Table) -> pyarrow.Table:
    """Raises GitExpError where pyarrow is not installed."""
    arrow = _package("pyarrow")
    types = {
        Kind.TEXT: arrow.string(),
        Kind.INTEGER: arrow.int64(),
        Kind.FLOAT: arrow.float64(),
        Kind.BOOLEAN: arrow.bool_(),
        Kind.TIME: arrow.timestamp("us", "UTC"),
        Kind.LIST: arrow.list_(arrow.string()),
    }
    return arrow.table({one.name: arrow.array(one.values, types[one.kind]) for one in table.columns})


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise GitExpError(f"the package {name!r} is not installed", hint=f"pip install {name}") from None


def _pandas_array(pandas: Any, column: Column) -> Any:
    """An array in which NaN and what is missing are two things, as they are not in plain numpy."""
    import numpy as np

    kind, values = column.kind, column.values
    if kind is Kind.TEXT:
        return pandas.array(values, dtype="string")
    if kind is Kind.LIST:
        lists = np.empty(len(values), dtype=object)
        lists[:] = [list(one) for one in values] if len(values) else []
        return lists
    missing = np.fromiter((cell is None for cell in values), bool, len(values))
    if kind is Kind.TIME:
        moments = np.array([0 if cell is None else cell for cell in values], "datetime64[us]")
        moments[missing] = np.datetime64("NaT")
        return pandas.DatetimeIndex(moments).tz_localize("UTC")
    plain, make = {
        Kind.INTEGER: (np.int64, pandas.arrays.IntegerArray),
        Kind.FLOAT: (np.float64, pandas.arrays.FloatingArray),
        Kind.BOOLEAN: (np.bool_, pandas.arrays.BooleanArray),
    }[kind]
    return make(np.array([0 if cell is None else cell for cell in values], plain), missing)
