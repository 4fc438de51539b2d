"""Runs that have some values in common, as one: mean and deviation over seeds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from gitexp import query
from gitexp.model.missing import MISSING, Missing
from gitexp.model.values import Value
from gitexp.ops.asking import Choice, bound_fields
from gitexp.ops.columns import columns_of
from gitexp.ops.read import StoredRun
from gitexp.ops.select import RunSubject
from gitexp.ops.spread import Spread, spread
from gitexp.query import Field
from gitexp.query.columns import parse_columns
from gitexp.query.evaluation import look_up
from gitexp.query.words import METRICS, PARAMS


class Several(NamedTuple):
    """Stands for values that are not the same in a group, and no numbers."""

    different: int


Cell: TypeAlias = Value | Missing | Spread | Several


class Group(NamedTuple):
    """The runs that have the same values at the keys."""

    key: tuple[Value | Missing, ...]
    runs: tuple[StoredRun, ...]
    cells: tuple[Cell, ...]
    """For each field: of a metric its spread; of anything else what is the same in all runs, or a spread."""


class Groups(NamedTuple):
    keys: tuple[Field, ...]
    fields: tuple[Field, ...]
    groups: Sequence[Group]


def grouped(
    runs: Sequence[StoredRun],
    keys_text: str,
    choice: Choice | None,
    everything: Sequence[StoredRun],
    now: float,
) -> Groups:
    """`runs` grouped by the keys in `keys_text`, groups sorted by them.

    Without a choice of columns all metrics are told of, and the params that are constant within each group
    but not the same in all. Raises QueryError.
    """
    keys = tuple(bound_fields(parse_columns(keys_text), everything, now))
    fields = _fields(runs, keys, choice, everything, now)
    found: dict[str, tuple[tuple[Value | Missing, ...], list[RunSubject]]] = {}
    for run in runs:
        subject = RunSubject(run, now)
        values = tuple(look_up(subject, field) for field in keys)
        found.setdefault(_mark(values), (values, []))[1].append(subject)
    groups = [
        Group(values, tuple(one.run for one in members), tuple(_cell(field, members) for field in fields))
        for values, members in found.values()
    ]
    if choice is None or choice.defaults:
        fields, groups = _telling(fields, groups, len(choice.keys) if choice else 0)
    orders = [query.Order(field) for field in keys]
    return Groups(keys, fields, query.in_order(groups, orders, lambda group: GroupSubject(group, keys, now)))


class GroupSubject:
    """A group as sort keys see it: a number stands for its mean, `n` for how many runs there are."""

    def __init__(self, group: Group, keys: Sequence[Field], now: float) -> None:
        self._group = group
        self._keys = keys
        self.now = now

    def get(self, field: Field) -> Value | Missing:
        if field in self._keys:
            return self._group.key[self._keys.index(field)]
        cell = cell_of(field, self._group.runs, self.now)
        if isinstance(cell, Spread):
            return MISSING if cell.mean is None else cell.mean
        return MISSING if isinstance(cell, Several) else cell

    def keys(self, space: str) -> list[str]:
        return []


def sorted_groups(found: Groups, sort: str, everything: Sequence[StoredRun], now: float) -> list[Group]:
    """The groups by the keys in `sort`. Raises QueryError."""
    result = list(found.groups)
    for order in reversed(query.parse_order(sort)):
        if order.field == Field("", "n"):
            result.sort(key=lambda group: len(group.runs), reverse=order.descending)
            continue
        subjects = [RunSubject(run, now) for run in everything]
        orders = query.bind_order([order], query.known_keys(subjects, [order.field]))
        result = query.in_order(result, orders, lambda group: GroupSubject(group, found.keys, now))
    return result


def cell_of(field: Field, runs: Sequence[StoredRun], now: float) -> Cell:
    """What the runs of a group have in common at `field`."""
    return _cell(field, [RunSubject(run, now) for run in runs])


def _fields(
    runs: Sequence[StoredRun],
    keys: Sequence[Field],
    choice: Choice | None,
    everything: Sequence[StoredRun],
    now: float,
) -> tuple[Field, ...]:
    asked = bound_fields(choice.keys, everything, now) if choice else []
    if choice is None or choice.defaults:
        columns = columns_of(runs)
        metrics = [Field(METRICS, one.key) for one in columns if one.space == METRICS]
        params = [Field(PARAMS, one.key) for one in columns if one.space == PARAMS]
        asked += [field for field in (*metrics, *params) if field not in asked]
    return tuple(field for field in asked if field not in keys)


def _telling(
    fields: Sequence[Field], groups: Sequence[Group], asked: int
) -> tuple[tuple[Field, ...], list[Group]]:
    """Without the params that are the same in all groups, or that are not constant within them."""
    kept = [
        index
        for index, field in enumerate(fields)
        if index < asked or field.space == METRICS or _tells([group.cells[index] for group in groups])
    ]
    shown = [group._replace(cells=tuple(group.cells[index] for index in kept)) for group in groups]
    return tuple(fields[index] for index in kept), shown


def _tells(cells: Sequence[Cell]) -> bool:
    constant = not any(isinstance(cell, (Spread, Several)) for cell in cells)
    return constant and len({_mark([cell]) for cell in cells}) > 1


def _cell(field: Field, members: Sequence[RunSubject]) -> Cell:
    values = [look_up(one, field) for one in members]
    has_numbers = any(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    if has_numbers and field.space == METRICS:
        return spread(values)
    different = len({_mark([value]) for value in values})
    if different == 1:
        return values[0]
    return spread(values) if has_numbers else Several(different)


def _mark(values: Sequence[object]) -> str:
    """Equal for equal values: 1, 1.0 and true are three, NaN is one."""
    return "\0".join(f"{type(value).__name__} {json.dumps(value, default=str)}" for value in values)
