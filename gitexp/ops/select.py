"""The runs that a query asks for, in the order that is asked for."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from gitexp import query
from gitexp.errors import UsageError
from gitexp.model.history import MISSING, Missing, Series
from gitexp.model.record import Input
from gitexp.model.times import parse_time
from gitexp.model.values import Value
from gitexp.ops.goals import goal_of
from gitexp.ops.read import StoredRun
from gitexp.query import Field


class Selection:
    """What to take of all runs. Raises QueryError for a query or a sort key that cannot be understood."""

    def __init__(self, text: str = "", *, sort: str | None = None, limit: int | None = None) -> None:
        if limit is not None and limit < 0:
            raise UsageError(f"the limit {limit} is negative")
        self._query = query.parse(text)
        self._orders = query.parse_order(sort) if sort is not None else ()
        self._limit = limit

    def of(self, runs: Sequence[StoredRun], *, now: float | None = None) -> list[StoredRun]:
        """Those of `runs` that match, sorted, as many as may be. Raises QueryError for an unknown key."""
        present = time.time() if now is None else now
        subjects = [RunSubject(run, present) for run in runs]
        if not subjects:
            return []
        keys = query.known_keys(subjects, [*self._query.fields(), *(order.field for order in self._orders)])
        asked, orders = query.bind(self._query, keys), query.bind_order(self._orders, keys)
        found = query.in_order([one for one in subjects if asked.matches(one)], orders, lambda one: one)
        return [one.run for one in found[: self._limit]]


class RunSubject:
    """A stored run as queries see it; inputs, environment and series are read when they are asked for."""

    def __init__(self, run: StoredRun, now: float) -> None:
        self.run = run
        self.now = now

    def get(self, field: Field) -> Value | Missing:
        """What the run has there; a label that is not set is MISSING."""
        if field.aggregate:
            return self._aggregate(field.key, field.aggregate)
        found: Value | Missing = self._spaces(field.space).get(field.key, MISSING)
        return found

    def keys(self, space: str) -> Iterable[str]:
        """The dotted keys that the run has in `space`."""
        if space != "metrics":
            return self._spaces(space)
        # What is logged shows up in the summary at once, unless it was taken out of it.
        return self.run.record.metrics

    def _spaces(self, space: str) -> Mapping[str, Any]:
        if space == "run":
            return self._labels
        if space == "params":
            return self._params
        if space == "metrics":
            return self.run.record.metrics
        return self._inputs if space == "inputs" else self._env

    @cached_property
    def _labels(self) -> dict[str, Value]:
        info = self.run.record.info
        started = parse_time(info.started)
        ended = parse_time(info.ended) if info.ended else None
        labels: dict[str, Value] = {
            "name": info.name,
            "id": info.id,
            "status": info.status.value,
            "title": info.title,
            "group": info.group,
            "note": info.note,
            "star": info.star,
            "tag": info.tags,
            "parent": info.parents,
            "command": " ".join(info.command) or None,
            "exit_code": info.exit_code,
            "signal": info.signal,
            "started": started,
            "ended": ended,
            "duration": (self.now if ended is None else ended) - started,
            "age": self.now - started,
            "commit": self.run.commit,
            "tree": info.code.tree,
            "base": info.code.base,
            "dirty": info.code.dirty,
        }
        return {key: value for key, value in labels.items() if value is not None and value != ()}

    @cached_property
    def _params(self) -> dict[str, Value]:
        return dict(_dotted(self.run.record.params))

    @cached_property
    def _env(self) -> dict[str, Value]:
        return dict(_dotted(self.run.whole.env))

    @cached_property
    def _inputs(self) -> dict[str, Value]:
        """Role -> whatever its inputs are known by; `role.name`, `.path`, `.oid`, `.size` and `.value`."""
        found: dict[str, list[Value]] = {}
        for one in self.run.whole.inputs:
            for part, value in _parts(one).items():
                if value is not None:
                    found.setdefault(f"{one.role}.{part}", []).append(value)
                    if part != "size":
                        found.setdefault(one.role, []).append(value)
        return {**found}

    @cached_property
    def _series(self) -> dict[str, Series]:
        spans = [(one.kept, one.rows) for one in self.run.record.info.resumed]
        history = self.run.history().without(spans)
        return {name: history.series(name) for name in history.columns}

    def _aggregate(self, metric: str, aggregate: str) -> Value | Missing:
        series = self._series.get(metric)
        if series is None or not len(series):
            return MISSING
        if aggregate == "last":
            return series.values[-1]
        if aggregate == "step":
            return series.steps[-1]
        numbers = [v for v in series.values if type(v) in (int, float) and v == v]
        if aggregate == "best":
            aggregate = goal_of(metric, self.run.repo.settings.goals) or ""
        return _REDUCE[aggregate](numbers) if numbers and aggregate else MISSING


def _mean(numbers: Sequence[float]) -> float:
    try:
        return sum(numbers) / len(numbers)
    except OverflowError:
        # Whole numbers beyond every float.
        return float("inf") if sum(numbers) > 0 else float("-inf")


_REDUCE: dict[str, Any] = {"min": min, "max": max, "mean": _mean}


def _parts(one: Input) -> dict[str, Value]:
    return {"name": one.name, "path": one.path, "oid": one.oid, "size": one.size, "value": one.value}


def _dotted(values: Mapping[str, Value], above: str = "") -> Iterator[tuple[str, Value]]:
    """Every value by its dotted key, mappings and what is in them."""
    for key, value in values.items():
        yield above + key, value
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{above}{key}.")
