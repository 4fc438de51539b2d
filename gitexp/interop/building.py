"""A suite put together row by row, whatever the rows are like."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gitexp.errors import GitExpError
from gitexp.formats.canonical_json import short_hash, to_json
from gitexp.interop.mixed_scores import Mixed
from gitexp.interop.problems import Problems
from gitexp.interop.scores import NoScore, NotANumber, flattened, number
from gitexp.model.eval_summary import mean_of
from gitexp.model.evaluation import (
    MAX_EPOCH,
    STANDS_IN,
    USAGE,
    Direction,
    Example,
    Key,
    Meta,
    Metric,
    OnError,
    Output,
    Result,
    Score,
    Source,
    State,
    Suite,
    Text,
    Usage,
    check_label,
    id_of,
    is_hash,
    is_score,
    kind_of,
)
from gitexp.model.metric import guessed
from gitexp.model.values import Scalar, Value
from gitexp.statistics.estimate import average

MAX_TAG = 64
"""Characters: longer metadata is text of the benchmark rather than a word about it."""
_CLOSE = 1e-9
_FAULTS = (GitExpError, ValueError, TypeError, RecursionError)
"""What an input, target or id that cannot be one raises."""


@dataclass(frozen=True, slots=True)
class Row:
    """One answer as a log has it; what is not known is left out."""

    where: str
    """File, member and line, to be told of."""
    id: object = None
    """The hash of the input stands for one that is missing."""
    epoch: object = 1
    """None: the next one of its example."""
    input: Any = None
    target: Any = None
    x: str | None = None
    """The hash of the input, where the log has it and not the input."""
    y: str | None = None
    scores: Mapping[str, Any] = field(default_factory=dict)
    state: State = State.OK
    metadata: Mapping[str, Any] = field(default_factory=dict)
    cluster: object = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    output: Value = None
    answer: object = None
    why: object = None
    error: object = None


@dataclass(slots=True)
class SuiteBuilder:
    """Takes rows, and says what was wrong with them."""

    name: str
    problems: Problems
    cluster: str | None = None
    """The key of the metadata that says which examples belong together."""
    with_text: bool = False
    goal_of: Callable[[str], str | None] = lambda name: None
    directions: Mapping[str, Direction] = field(default_factory=dict)
    """Where the log says which values are better."""
    on_error: OnError = OnError.EXCLUDE
    letters: Mapping[str, Score] = field(default_factory=dict)
    """Those that stand for a score."""
    known: Mapping[str, Metric] = field(default_factory=dict)
    """What is known of metrics before any row."""
    _examples: dict[str, Example] = field(default_factory=dict)
    _results: dict[Key, Result] = field(default_factory=dict)
    _usage: list[Usage] = field(default_factory=list)
    _outputs: list[Output] = field(default_factory=list)
    _texts: dict[str, Text] = field(default_factory=dict)
    _values: dict[str, set[Score]] = field(default_factory=dict)
    _lettered: set[str] = field(default_factory=set)
    """The metrics that had letters for correct and incorrect, which say what is better."""
    _next: dict[str, int] = field(default_factory=dict)
    _mixed: Mixed = field(init=False)

    def __post_init__(self) -> None:
        self._mixed = Mixed(self.problems)

    def __len__(self) -> int:
        return len(self._results)

    def add(self, row: Row) -> bool:
        """Whether the row could be taken."""
        try:
            example = self._example(row)
            key = example.id, self._epoch(row, example.id)
        except _FAULTS as error:
            return self._refuse(row, str(error))
        known = self._examples.setdefault(example.id, example)
        if known.x != example.x:
            return self._refuse(row, f"id {example.id!r} stands for two inputs")
        if key in self._results:
            return self._refuse_twice(row, key)
        result = self._result(row, key)
        for name, score in result.scores.items():
            if name in self.known and not self.known[name].allows(score):
                told = f"{name!r} cannot be {score:g}: it is {self.known[name].allowed}"
                return self._refuse(row, told, f"{name!r} cannot be that")
        self._results[key] = result
        self._add_details(row, key)
        return True

    def merge(self, row: Row) -> bool:
        """As `add`, but a row of the same example and epoch adds its scores to those that are there."""
        try:
            example = self._example(row)
            key = example.id, self._epoch(row, example.id)
        except _FAULTS:
            return self.add(row)
        old = self._results.get(key)
        if old is None or self._examples[example.id].x != example.x:
            return self.add(row)
        new = self._result(row, key)
        twice = sorted(old.scores.keys() & new.scores.keys())
        if twice:
            return self._refuse(row, f"{twice[0]!r} of id {key[0]!r} occurs twice", "an id occurs twice")
        state = old.state if old.state is not State.OK else new.state
        self._results[key] = Result(*key, {**old.scores, **new.scores}, state)
        return True

    def build(self, source: Source, reported: Mapping[str, Scalar] | None = None) -> Suite:
        """The suite; what the problems have to say of it is put into its warnings later."""
        metrics = tuple(self._metric(name) for name in sorted(self._values))
        meta = Meta(
            self.name,
            metrics,
            on_error=self.on_error,
            cluster=self.cluster if any(one.cluster for one in self._examples.values()) else None,
            source=source,
            reported=dict(reported or {}),
        )
        answered = {example for example, _ in self._results}
        return Suite(
            meta,
            tuple(self._examples[id] for id in sorted(answered)),
            tuple(self._results[key] for key in sorted(self._results)),
            tuple(sorted(self._usage, key=lambda one: one.key)),
            tuple(sorted(self._outputs, key=lambda one: one.key)),
            tuple(self._texts[id] for id in sorted(self._texts) if id in answered),
        )

    def _example(self, row: Row) -> Example:
        x = row.x if row.x is not None else short_hash(row.input)
        y = row.y if row.y is not None or row.target is None else short_hash(row.target)
        if not is_hash(x) or not (y is None or is_hash(y)):
            raise ValueError("the hash of its input or target is none")
        cluster = row.cluster
        if cluster is None and self.cluster is not None:
            cluster = row.metadata.get(self.cluster)
        return Example(self._id(row, x), x, y, _label(cluster), dict(_tags(row.metadata)))

    def _id(self, row: Row, x: str) -> str:
        if row.id is None or row.id == "":
            return x
        if isinstance(row.id, bool) or not isinstance(row.id, (str, int, float)):
            raise ValueError(f"{row.id!r:.80} is no id")
        name, fault = id_of(str(row.id), x)
        if fault is not None:
            self.problems.warn(row.where, f"its {STANDS_IN}")
        return name

    def _epoch(self, row: Row, example: str) -> int:
        if row.epoch is None:
            self._next[example] = epoch = self._next.get(example, 0) + 1
            return epoch
        if type(row.epoch) is float and row.epoch.is_integer():
            return int(row.epoch)
        if type(row.epoch) is not int or not 0 <= row.epoch < MAX_EPOCH:
            raise ValueError(f"{row.epoch!r:.80} is not an epoch")
        return row.epoch

    def _result(self, row: Row, key: Key) -> Result:
        scores: dict[str, Score] = {}
        state = row.state
        for name, value in row.scores.items():
            self._mixed.see(row.where, name, value)
            for metric, one in flattened(name, value):
                if one is None:
                    continue
                try:
                    scores[check_label("metric", metric)] = score = number(one, self.letters)
                    if isinstance(one, str) and one in self.letters:
                        self._lettered.add(metric)
                    self._mixed.see_score(row.where, metric, one, score)
                except NotANumber as error:
                    self.problems.warn(row.where, f"{metric!r}: {error}: it counts as an error", "NaN scores")
                    state = State.ERROR if state is State.OK else state
                except (NoScore, GitExpError) as error:
                    self.problems.warn(
                        row.where, f"{metric!r}: {error}: left out", f"{metric!r} is no number"
                    )
        for metric, score in scores.items():
            kinds = self._values.setdefault(metric, set())
            if len(kinds) < 1000:
                kinds.add(score)
        return Result(*key, scores, state)

    def _add_details(self, row: Row, key: Key) -> None:
        usage = {name: _rounded(name, row.usage[name]) for name in USAGE if is_score(row.usage.get(name))}
        if usage:
            self._usage.append(Usage(*key, usage))
        if not self.with_text:
            return
        details = Output(*key, _kept(row.output), _text(row.answer), _text(row.why), _text(row.error))
        if details != Output(*key):
            self._outputs.append(details)
        if row.input is not None or row.target is not None:
            self._texts.setdefault(key[0], Text(key[0], _kept(row.input), _kept(row.target)))

    def _refuse(self, row: Row, what: str, kind: str | None = None) -> bool:
        self.problems.error(row.where, what, kind)
        return False

    def _refuse_twice(self, row: Row, key: Key) -> bool:
        if row.id is None:  # the hash that stands for it says nothing to anybody
            told = (
                f"its question occurs twice in epoch {key[1]}: --id COLUMN or --epoch COLUMN tell them apart"
            )
            return self._refuse(row, told, "a question occurs twice")
        return self._refuse(row, f"id {key[0]!r} in epoch {key[1]} occurs twice", "an id occurs twice")

    def _metric(self, name: str) -> Metric:
        kind, bounds = kind_of(self._values[name])
        said = self.directions.get(name) or (Direction.MAX if name in self._lettered else None)
        if said is not None:
            return Metric(name, kind, said, bounds)
        direction, guess = guessed(self.goal_of(name), kind)
        return Metric(name, kind, direction, bounds, guess=guess)


def compared(suite: Suite, where: str, metric: str, reported: object, said: str, problems: Problems) -> None:
    """Warn where the mean that the log reports is that of neither its examples nor its rows."""
    found = mean_of(suite, metric)
    if not is_score(reported) or found is None:
        return
    assert isinstance(reported, (int, float))
    rows = [score for _, score in suite.values(metric)]
    means = (found.value, average(rows))
    if all(abs(one - reported) > _CLOSE * max(1, abs(reported)) for one in means):
        problems.warn(
            where,
            f"reports {said} {reported:.6g}, but the mean of its rows is {found.value:.6g} (n={found.n})",
            f"reported {said}",
        )


def warned(suite: Suite, warnings: list[str]) -> Suite:
    """The suite with what was odd about its log."""
    return replace(suite, meta=replace(suite.meta, warnings=tuple(warnings)))


def _tags(metadata: Mapping[str, Any]) -> list[tuple[str, Scalar]]:
    found: list[tuple[str, Scalar]] = []
    for name in sorted(metadata, key=str):
        value = metadata[name]
        if not isinstance(name, str) or name.startswith("_") or _label(name) is None:
            continue
        if isinstance(value, bool) or is_score(value) or (isinstance(value, str) and _label(value)):
            found.append((name, value))
    return found[:100]


def _label(value: object) -> str | None:
    """What is short enough to be a word about an example, as text; None for anything else."""
    if value is None or isinstance(value, (list, dict)):
        return None
    text = str(value)
    return text if 0 < len(text) <= MAX_TAG and text.isprintable() else None


def _rounded(name: str, value: Score) -> Score:
    """Times to three digits: more is noise, and makes every row differ from that of another run."""
    return float(f"{value:.3g}") if name == "sec" else value


def _kept(value: Any) -> Value:
    """`value` where a table can hold it; with a number that JSON does not have it is text."""
    try:
        told = to_json(value)
    except (ValueError, TypeError):
        return repr(value)
    except RecursionError:
        return "(nested too deep)"
    try:
        told.encode()
    except UnicodeEncodeError:
        # What no UTF-8 file can hold is replaced before keys are sorted.
        return json.loads(told.encode("utf-8", "replace"))  # type: ignore[no-any-return]
    return value  # type: ignore[no-any-return]


def _text(value: object) -> str | None:
    return None if value is None else value if isinstance(value, str) else str(value)
