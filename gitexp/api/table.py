"""Runs and series as typed columns, from which data frames of every kind are made."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from gitexp.model.values import Value

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_EARLIEST, _LATEST = -62_135_596_800, 253_402_300_800
"""The years 1 to 9999: all that `datetime` knows."""
_INT64: Final = 2**63


class Kind(Enum):
    """What a column holds, besides None where nothing is."""

    TEXT = "text"
    INTEGER = "integer"
    """Of 64 bits."""
    FLOAT = "float"
    BOOLEAN = "boolean"
    TIME = "time"
    """Microseconds since 1970, UTC."""
    LIST = "list"
    """Of texts."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind
    values: Sequence[Any]
    """One a row; None where there is none, or null."""


class Tabular(ABC):
    """What can be had as a data frame.

    All three kinds of frame hold the same: what is missing, or null, is missing in them; NaN is a value. A
    package that is not installed raises GitExpError.
    """

    __slots__ = ()

    @abstractmethod
    def table(self) -> Table:
        """The typed columns that the frames are made of."""

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas frame of nullable columns: `Int64`, `Float64`, `boolean`, `string`, times in UTC."""
        from gitexp.api.frames import to_pandas

        return to_pandas(self.table())

    def to_polars(self) -> polars.DataFrame:
        """A Polars frame."""
        from gitexp.api.frames import to_polars

        return to_polars(self.table())

    def to_arrow(self) -> pyarrow.Table:
        """An Arrow table."""
        from gitexp.api.frames import to_arrow

        return to_arrow(self.table())

    def to_dicts(self) -> list[dict[str, Any]]:
        """A mapping for each row, for which no package is needed; None where nothing is."""
        columns = self.table().columns
        cells = [_as_times(one.values) if one.kind is Kind.TIME else one.values for one in columns]
        names = [one.name for one in columns]
        return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


@dataclass(frozen=True, slots=True)
class Table(Tabular):
    """Columns of one length."""

    columns: tuple[Column, ...]

    def __len__(self) -> int:
        return len(self.columns[0].values) if self.columns else 0

    def table(self) -> Table:
        """Itself."""
        return self


def typed(name: str, cells: Sequence[Value]) -> Column:
    """A column of the one type that holds all of `cells` as they are.

    Integers beside floats become floats where none loses a digit. Anything else that is mixed, and integers
    beyond 64 bits, become text: numbers as Python writes them, true and false, lists and mappings as JSON.
    """
    types = set(map(type, cells)) - {NoneType}
    if types == {int} and all(-_INT64 <= cell < _INT64 for cell in cells if cell is not None):  # type: ignore[operator]
        return Column(name, Kind.INTEGER, cells)
    if types == {float}:
        return Column(name, Kind.FLOAT, cells)
    if types == {int, float} and all(map(_fits_float, cells)):
        return Column(name, Kind.FLOAT, [None if cell is None else float(cell) for cell in cells])  # type: ignore[arg-type]
    if types == {bool}:
        return Column(name, Kind.BOOLEAN, cells)
    if types <= {str}:
        return text_column(name, cells)  # type: ignore[arg-type]
    return text_column(name, [None if cell is None else as_text(cell) for cell in cells])


def text_column(name: str, cells: Sequence[str | None]) -> Column:
    """A column of texts."""
    try:
        "".join(cell for cell in cells if cell is not None).encode()
    except UnicodeEncodeError:
        # Lone surrogates, which a live run can hold; a frame cannot, and a record writes them so as well.
        cells = [cell and cell.encode("utf-8", "backslashreplace").decode() for cell in cells]
    return Column(name, Kind.TEXT, cells)


def time_column(name: str, cells: Sequence[float | None]) -> Column:
    """A column of times, given as seconds since 1970; what no calendar has is missing."""
    return Column(name, Kind.TIME, [None if cell is None else _microseconds(cell) for cell in cells])


def as_text(value: Value) -> str:
    """A value in a column of texts."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False, default=_as_json)


def as_float(value: Value) -> float | None:
    """A number as a float, where that is the same number; None for anything else."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if number and _fits_float(value) else None  # type: ignore[arg-type]


def _fits_float(value: Value) -> bool:
    if not isinstance(value, int):
        return True
    try:
        return float(value) == value
    except OverflowError:
        return False


def _as_json(value: Value) -> Any:
    return dict(value) if isinstance(value, Mapping) else list(value)  # type: ignore[arg-type]


def _microseconds(seconds: float) -> int | None:
    return round(seconds * 1e6) if _EARLIEST <= seconds < _LATEST else None


def _as_times(cells: Sequence[int | None]) -> list[datetime | None]:
    return [None if cell is None else _EPOCH + timedelta(microseconds=cell) for cell in cells]
