"""The rows of a journal folded into the record they amount to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gitexp.formats import record as files
from gitexp.model.history import Row
from gitexp.model.record import Artifact, Failure, Input, Record
from gitexp.model.values import Scalar, Value


@dataclass(frozen=True, slots=True)
class Folded:
    """A record with everything that was logged, and the rows of its series in write order."""

    record: Record
    rows: list[Row]
    failure: Failure | None
    """The exception that the process told of, if any."""
    checkpoints: tuple[int, ...]
    """How many rows there were at each checkpoint."""
    unread: int
    """Rows of a kind that this gitexp does not know."""


def fold(start: Record, journal: Iterable[list[Any]]) -> Folded:
    """`start` with all `journal` rows applied in order."""
    state = _State(start)
    rows: list[Row] = []
    checkpoints: list[int] = []
    for entry in journal:
        if entry[0] == "m":
            values = entry[3]
            rows.append(Row(entry[2], entry[1], values))
            state.metrics.update(values)
        elif entry[0] == "c":
            checkpoints.append(len(rows))
        else:
            state.apply(entry)
    return Folded(state.record(), rows, state.failure, tuple(checkpoints), state.unread)


@dataclass(slots=True)
class _State:
    start: Record
    params: dict[str, Any] = field(init=False)
    earlier_params: dict[str, list[Value]] = field(init=False)
    metrics: dict[str, Scalar] = field(init=False)
    summary: dict[str, Scalar] = field(default_factory=dict)
    labels: dict[str, Any] = field(default_factory=dict)
    tags: set[str] = field(init=False)
    inputs: dict[tuple[str, str], Input] = field(init=False)
    artifacts: dict[str, Artifact] = field(init=False)
    env: dict[str, Any] = field(init=False)
    requirements: str = field(init=False)
    failure: Failure | None = None
    lost: int = 0
    unread: int = 0

    def __post_init__(self) -> None:
        self.params = _copy(self.start.params)
        self.earlier_params = {k: list(v) for k, v in self.start.info.earlier_params.items()}
        self.metrics = dict(self.start.metrics)
        self.tags = set(self.start.info.tags)
        self.inputs = {(one.role, one.name): one for one in self.start.inputs}
        self.artifacts = {one.path: one for one in self.start.artifacts}
        self.env = dict(self.start.env)
        self.requirements = self.start.requirements

    def apply(self, entry: list[Any]) -> None:
        action = _ACTIONS.get(entry[0])
        if action is None:
            self.unread += 1
        else:
            action(self, entry[2])

    def add_params(self, params: Mapping[str, Any]) -> None:
        _merge(self.params, params, (), self._changed)

    def _changed(self, key: tuple[str, ...], old: Value) -> None:
        _note(self.earlier_params, key, old)

    def add_summary(self, summary: Mapping[str, Scalar]) -> None:
        self.summary.update(summary)

    def add_labels(self, labels: Mapping[str, Any]) -> None:
        self.tags.update(labels.get("tags_add", ()))
        self.tags.difference_update(labels.get("tags_remove", ()))
        self.labels.update({k: v for k, v in labels.items() if k in ("title", "group", "note", "star")})

    def add_input(self, value: Mapping[str, Any]) -> None:
        one = files.input_from(value["role"], value)
        self.inputs[one.role, one.name] = one

    def add_artifact(self, value: Mapping[str, Any]) -> None:
        one = files.artifact_from(value["path"], value)
        self.artifacts[one.path] = one

    def add_env(self, value: Mapping[str, Any]) -> None:
        for section, found in value.get("env", {}).items():
            old = self.env.get(section)
            if isinstance(old, dict) and isinstance(found, dict):
                # A seed that was read before any number was drawn says more than one read later.
                found = {**found, **old} if section == "seeds" else {**old, **found}
            self.env[section] = found
        self.requirements = value.get("requirements") or self.requirements

    def add_failure(self, value: Mapping[str, Any]) -> None:
        self.failure = Failure(value["type"], value["message"], value.get("traceback", ""))

    def add_lost(self, value: Mapping[str, Any]) -> None:
        self.lost += value["rows"]

    def ignore(self, _: object) -> None:
        """Headers speak of the journal, not of the run; how it ended is for whoever seals it."""

    def record(self) -> Record:
        info = replace(
            self.start.info,
            tags=tuple(sorted(self.tags)),
            earlier_params=self.earlier_params,
            lost=self.start.info.lost + self.lost,
            **self.labels,
        )
        return replace(
            self.start,
            info=info,
            params=self.params,
            metrics={**self.metrics, **self.summary},
            inputs=tuple(self.inputs.values()),
            env=self.env,
            artifacts=tuple(self.artifacts.values()),
            requirements=self.requirements,
        )


_ACTIONS: dict[str, Callable[[_State, Any], None]] = {
    "p": _State.add_params,
    "s": _State.add_summary,
    "l": _State.add_labels,
    "u": _State.add_input,
    "a": _State.add_artifact,
    "e": _State.add_env,
    "x": _State.add_failure,
    "g": _State.add_lost,
    "h": _State.ignore,
    "f": _State.ignore,
}


def merged(
    old: Mapping[str, Any], new: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[tuple[str, ...], Value]]:
    """`old` with `new` laid over it, mapping by mapping, and the values that were replaced by their key."""
    params = _copy(old)
    changed: dict[tuple[str, ...], Value] = {}
    _merge(params, new, (), changed.__setitem__)
    return params, changed


def with_earlier(
    earlier: Mapping[str, Sequence[Value]], changed: Mapping[tuple[str, ...], Value]
) -> dict[str, list[Value]]:
    """`earlier` values of params by dotted key, with those that have now `changed`."""
    values = {key: list(known) for key, known in earlier.items()}
    for key, old in changed.items():
        _note(values, key, old)
    return values


def _note(earlier: dict[str, list[Value]], key: tuple[str, ...], old: Value) -> None:
    values = earlier.setdefault(".".join(key), [])
    if old not in values:
        values.append(old)


def _copy(value: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _copy(v) if isinstance(v, Mapping) else v for k, v in value.items()}


def _merge(
    into: dict[str, Any],
    new: Mapping[str, Any],
    prefix: tuple[str, ...],
    changed: Callable[[tuple[str, ...], Value], None],
) -> None:
    for key, value in new.items():
        path = (*prefix, key)
        old = into.get(key)
        if isinstance(value, Mapping) and isinstance(old, dict):
            _merge(old, value, path, changed)
            continue
        if key in into and not same(old, value):
            changed(path, old)
        into[key] = _copy(value) if isinstance(value, Mapping) else value


def same(one: Value, other: Value) -> bool:
    """Equality where NaN equals itself and True is not 1."""
    return one is other or (type(one) is type(other) and (one == other or (one != one and other != other)))
