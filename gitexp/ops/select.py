"""The runs that a query asks for, in the order that is asked for."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from gitexp import query
from gitexp.errors import UsageError
from gitexp.index.row import SEPARATOR, shape_of
from gitexp.model.history import MISSING, Missing
from gitexp.model.summary import Summary
from gitexp.model.values import Value
from gitexp.ops.goals import goal_of
from gitexp.ops.read import StoredRun
from gitexp.query import Field
from gitexp.query.words import AUDIT, INPUTS, NEVER_RUN, PARAMS, RUN

_INPUT_PARTS = ("name", "path", "oid", "size", "value")


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
    """A stored run as queries see it; each part is parsed when it is first asked for."""

    def __init__(self, run: StoredRun, now: float) -> None:
        self.run = run
        self.now = now
        self._shape = shape_of(run.head.shape)

    def get(self, field: Field) -> Value | Missing:
        """What the run has there; a label that is not set is MISSING."""
        if field.aggregate:
            return self._aggregate(field.key, field.aggregate)
        if field.space in self._shape.positions:
            return self._cell(field.space, field.key)
        if field.space == RUN:
            return self._label(field.key)
        found: Value | Missing = self._space(field.space).get(field.key, MISSING)
        return found

    def keys(self, space: str) -> Iterable[str]:
        """The dotted keys that the run has in `space`."""
        # What is logged shows up in the metrics' summary at once, unless it was taken out of it.
        return self._shape.positions[space] if space in self._shape.positions else self._space(space)

    def _cell(self, space: str, key: str) -> Value | Missing:
        positions = self._shape.positions[space]
        if key in positions:
            found: Value = json.loads(self._cells[positions[key]])
            return found
        below = f"{key}."
        inside = {name[len(below) :]: at for name, at in positions.items() if name.startswith(below)}
        if space != PARAMS or not inside:
            return MISSING
        return {name: json.loads(self._cells[at]) for name, at in inside.items()}

    def _space(self, space: str) -> Mapping[str, Any]:
        return self._inputs if space == INPUTS else self._env

    def _label(self, key: str) -> Value | Missing:
        if key == "baseline":
            value: Any = self.run.baselines
        elif key == AUDIT:
            value = self.run.level
        else:
            value = self._labels[key] if key in self._labels else self._more_labels.get(key)
        return MISSING if value is None or value == [] else value

    @cached_property
    def _cells(self) -> list[str]:
        return self.run.head.cells.split(SEPARATOR)

    @cached_property
    def _labels(self) -> dict[str, Value]:
        head = self.run.head
        return {
            "name": head.name,
            "commit": head.commit,
            "status": head.status,
            "title": head.title,
            "group": head.group,
            "star": bool(head.star),
            "tag": json.loads(head.tags),
            "started": head.started,
            "ended": head.ended,
            "duration": self._duration(),
            "age": self.now - head.started,
        }

    def _duration(self) -> float | None:
        """Seconds so far, or until the end; None for what was never executed."""
        head = self.run.head
        if head.status in NEVER_RUN:
            return None
        return (self.now if head.ended is None else head.ended) - head.started

    @cached_property
    def _more_labels(self) -> dict[str, Value]:
        info = json.loads(self.run.row.tail.info)
        code = info["code"]
        labels = {key: info.get(key) for key in ("id", "note", "exit_code", "signal")}
        return {
            **labels,
            "parent": info.get("parents"),
            "command": " ".join(info.get("command", ())) or None,
            "tree": code["tree"],
            "base": code.get("base"),
            "dirty": code.get("dirty", False),
        }

    @cached_property
    def _env(self) -> dict[str, Value]:
        return dict(_dotted(json.loads(self.run.row.tail.env)))

    @cached_property
    def _inputs(self) -> dict[str, Value]:
        """Role -> whatever its inputs are known by; `role.name`, `.path`, `.oid`, `.size` and `.value`."""
        found: dict[str, list[Value]] = {}
        for role, inputs in json.loads(self.run.row.tail.inputs).items():
            for part, value in ((part, one.get(part)) for one in inputs for part in _INPUT_PARTS):
                if value is not None:
                    value = value.removeprefix("sha256:") if part == "oid" else value
                    found.setdefault(f"{role}.{part}", []).append(value)
                    if part != "size":
                        found.setdefault(role, []).append(value)
        return {**found}

    @cached_property
    def _series(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = json.loads(self.run.row.tail.series)
        return found

    def _aggregate(self, metric: str, aggregate: str) -> Value | Missing:
        fields = self._series.get(metric)
        if fields is None:
            return MISSING
        goals = self.run.repo.settings.goals if aggregate.startswith("best") else {}
        value = Summary(*fields).get(aggregate, goal_of(metric, goals))
        return MISSING if value is None and aggregate != "last" else value


def _dotted(values: Mapping[str, Value], above: str = "") -> Iterator[tuple[str, Value]]:
    """Every value by its dotted key, mappings and what is in them."""
    for key, value in values.items():
        yield above + key, value
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{above}{key}.")
