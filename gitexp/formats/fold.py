"""The rows of a journal folded into the record they amount to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gitexp.formats import record_fields as fields
from gitexp.formats.artifacts import artifact_from
from gitexp.formats.inputs import input_from, lay_over
from gitexp.formats.record_fields import FAULTS
from gitexp.model.history import Row
from gitexp.model.paths import folders_of
from gitexp.model.record import Artifact, Failure, Input, Record
from gitexp.model.values import Scalar, Value

if TYPE_CHECKING:
    from gitexp.formats.eval_rows import SuiteRows
    from gitexp.formats.run_steps import StepRows

_LABELS = frozenset(("title", "group", "note", "star"))
_STEPS = frozenset((int, float, type(None)))
_TIMES = frozenset((int, float))
_SCALARS = frozenset((bool, int, float, str, type(None)))


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
    """Rows of a kind that this gitexp does not know, or that do not hold what their kind should."""
    dropped: frozenset[str]
    """Paths of artifacts that were let go of again."""
    suites: tuple[SuiteRows, ...] = ()
    """The evaluations that rows were logged to."""


def fold(start: Record, journal: Iterable[list[Any]]) -> Folded:
    """`start` with all `journal` rows applied in order."""
    state = State(start)
    rows: list[Row] = []
    checkpoints: list[int] = []
    for entry in journal:
        # A row that makes no sense is one row lost, not the run.
        try:
            if entry[0] == "m":
                rows.append(state.add_row(entry))
            elif entry[0] == "c":
                checkpoints.append(len(rows))
            else:
                state.apply(entry)
        except FAULTS:
            state.unread += 1
    return Folded(
        state.record(),
        rows,
        state.failure,
        tuple(checkpoints),
        state.unread,
        frozenset(state.dropped),
        tuple(state.suites[name] for name in sorted(state.suites)),
    )


@dataclass(slots=True)
class State:
    """What rows amount to, one after the other."""

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
    dropped: set[str] = field(default_factory=set)
    suites: dict[str, SuiteRows] = field(default_factory=dict)
    steps: StepRows | None = None
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

    def add_row(self, entry: list[Any]) -> Row:
        row = _row(entry)
        self.metrics.update(row.values)
        return row

    def apply(self, entry: list[Any]) -> None:
        action = _ACTIONS.get(entry[0])
        if action is None:
            raise KeyError(entry[0])
        action(self, entry[2])

    def add_params(self, params: Mapping[str, Any]) -> None:
        _merge(self.params, params, (), self._changed)

    def _changed(self, key: tuple[str, ...], old: Value) -> None:
        _note(self.earlier_params, key, old)

    def add_summary(self, summary: Mapping[str, Scalar]) -> None:
        self.summary.update(fields.scalars(summary))

    def add_labels(self, labels: Mapping[str, Any]) -> None:
        known = {key: _label(key, value) for key, value in labels.items() if key in _LABELS}
        added, removed = fields.texts(labels.get("tags_add")), fields.texts(labels.get("tags_remove"))
        self.tags.update(added)
        self.tags.difference_update(removed)
        self.labels.update(known)

    def add_input(self, value: Mapping[str, Any]) -> None:
        lay_over(self.inputs, input_from(value["role"], value))

    def add_artifact(self, value: Mapping[str, Any]) -> None:
        one = artifact_from(value["path"], value)
        self.artifacts[one.path] = one
        self.dropped.discard(one.path)

    def drop_artifact(self, value: Mapping[str, Any]) -> None:
        path = fields.text(value["path"])
        known = self.artifacts.get(path)
        # Another process may have put other bytes there meanwhile: those stay.
        if known is not None and known.oid == fields.digest(value["oid"]):
            del self.artifacts[path]
            self.dropped.add(path)

    def add_env(self, value: Mapping[str, Any]) -> None:
        requirements = fields.text(value.get("requirements", ""))
        for section, found in value.get("env", {}).items():
            old = self.env.get(section)
            if isinstance(old, dict) and isinstance(found, dict):
                # A seed that was read before any number was drawn says more than one read later.
                found = {**found, **old} if section == "seeds" else {**old, **found}
            self.env[section] = found
        self.requirements = requirements or self.requirements

    def add_failure(self, value: Mapping[str, Any]) -> None:
        type_, message = fields.text(value["type"]), fields.text(value["message"])
        self.failure = Failure(type_, message, fields.text(value.get("traceback", "")))

    def add_lost(self, value: Mapping[str, Any]) -> None:
        self.lost += fields.count(value["rows"])

    def declare_suite(self, value: Mapping[str, Any]) -> None:
        self._suite(value).declare(value)

    def add_result(self, value: Mapping[str, Any]) -> None:
        self._suite(value).add(value)

    def add_step(self, value: Mapping[str, Any]) -> None:
        if self.steps is None:
            # Most runs have none.
            from gitexp.formats.run_steps import StepRows

            self.steps = StepRows(list(self.start.steps), self.start.steps_left_out)
        self.steps.apply(value)

    def _suite(self, value: Mapping[str, Any]) -> SuiteRows:
        # Most runs evaluate nothing.
        from gitexp.formats.eval_rows import named

        return named(self.suites, value)

    def _suite_metrics(self) -> dict[str, Scalar]:
        if not self.suites:
            return {}
        from gitexp.model.eval_summary import summary_metrics

        return {k: v for one in self.suites.values() for k, v in summary_metrics(one.suite()).items()}

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
        steps = self.steps
        return replace(
            self.start,
            info=info,
            params=self.params,
            metrics={**self.metrics, **self._suite_metrics(), **self.summary},
            inputs=tuple(self.inputs.values()),
            env=self.env,
            artifacts=_standing(self.artifacts),
            requirements=self.requirements,
            steps=self.start.steps if steps is None else tuple(steps.steps),
            steps_left_out=self.start.steps_left_out if steps is None else steps.left_out,
        )


_ACTIONS: dict[str, Callable[[State, Any], None]] = {
    "p": State.add_params,
    "s": State.add_summary,
    "l": State.add_labels,
    "u": State.add_input,
    "a": State.add_artifact,
    "d": State.drop_artifact,
    "e": State.add_env,
    "x": State.add_failure,
    "g": State.add_lost,
    "v": State.declare_suite,
    "r": State.add_result,
    "b": State.add_step,
    "h": State.ignore,
    "f": State.ignore,
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


def _row(entry: list[Any]) -> Row:
    _, time, step, values, *_ = entry
    if type(step) not in _STEPS or type(time) not in _TIMES or type(values) is not dict:
        raise TypeError("not a row of metrics")
    if not _SCALARS.issuperset(map(type, values.values())):
        raise TypeError("a metric is not one value")
    return Row(step, time, values)


def _label(key: str, value: object) -> object:
    return fields.flag(value) if key == "star" else fields.text_or_none(value)


def _standing(artifacts: Mapping[str, Artifact]) -> tuple[Artifact, ...]:
    """All but those in whose place a folder stands: processes that log at once may claim one path twice."""
    folders = {folder for path in artifacts for folder in folders_of(path)}
    return tuple(one for path, one in artifacts.items() if path not in folders)


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
