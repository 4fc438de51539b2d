"""An evaluation that is being recorded, example by example, as evaluation code sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gitexp.api.warning import warn
from gitexp.errors import GitExpError, UsageError
from gitexp.formats.canonical_json import finite, short_hash
from gitexp.formats.eval_files import metric_from
from gitexp.formats.ordering import without_none
from gitexp.formats.plain import plain
from gitexp.formats.record_fields import FAULTS
from gitexp.interop.scores import NoScore, flattened, number
from gitexp.model.evaluation import (
    MAX_EPOCH,
    STANDS_IN,
    USAGE,
    Direction,
    Kind,
    Metric,
    OnError,
    Score,
    State,
    check_label,
    check_suite,
    id_of,
    is_score,
    suite_called,
)
from gitexp.model.values import Value
from gitexp.ops.goals import goal_of

if TYPE_CHECKING:
    from gitexp.api.run import Run
    from gitexp.ops.recording import Recording

_PLAIN = frozenset((str, int, float, bool))
_METRIC_KEYS = ("kind", "direction", "range", "unit")


class Evaluation:
    """The results of a run on one suite. No method raises, unless the run was started with `strict=True`.

    Each row is kept as rows of `Run.log` are: it survives a kill once `add` has returned.
    """

    def __init__(self, run: Run, suite: str, *, cluster: str | None, text: bool) -> None:
        self._run = run
        self._strict = run._strict
        self._stood_in = False
        """Whether it was said that hashes stand for ids."""
        self._suite = _called(run._lifetime.recording, str(suite), run._strict)
        self._cluster = cluster
        self._text = text
        self._inputs: dict[str, str] = {}
        self._keys: set[tuple[str, int]] = set()
        self._metrics: set[str] = set()
        self._declared: dict[str, Metric] = {}

    @property
    def suite(self) -> str:
        """The name of the suite: its metrics are `<suite>/<metric>`."""
        return self._suite

    def __len__(self) -> int:
        """How many answers this process added."""
        return len(self._keys)

    def __enter__(self) -> Evaluation:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to do: the means are written when the run ends."""

    def __repr__(self) -> str:
        return f"<gitexp evaluation {self._suite} of {self._run.name or 'nothing'}>"

    def add(
        self,
        *,
        id: object = None,
        input: Any = None,
        target: Any = None,
        scores: Any = None,
        output: Any = None,
        usage: Mapping[str, Any] | None = None,
        epoch: int = 1,
        tags: Mapping[str, Any] | Sequence[str] = (),
        state: str = "ok",
        error: object = None,
        answer: str | None = None,
        why: str | None = None,
    ) -> None:
        """Record one answer to one example.

        `input` and `target` are kept as hashes; without `id` the hash of the input stands for it. `scores`
        are numbers or bools by metric, nested ones become `metric.key`; a single one is called `score`. NaN
        is no score: the row counts as an error. `usage` may have tokens (`in`, `out`, `cached`, `reasoning`),
        `calls`, `tools`, `tool_errors`, `turns`, `cost` (dollars) and `sec`. `state` is `ok`, `error`,
        `timeout`, `limit` or `skipped`; with an `error` it is `error`. An example occurs once in an epoch.
        """
        self._run._evaluate(
            self._take,
            *(id, _plain(input), _plain(target), _plain(scores), _plain(output), _plain(usage), epoch),
            *(_plain(tags), State.ERROR.value if error is not None and state == "ok" else state),
            {"error": error, "answer": answer, "why": why},
        )

    def _begin(self, recording: Recording, metrics: Mapping[str, Any], on_error: str) -> None:
        """Note what is said of the suite before its first row. Raises GitExpError."""
        check_suite(self._suite)
        told: dict[str, Value] = {}
        for name, one in metrics.items():
            told[check_label("metric", name)] = found = _metric(name, one)
            self._declared[name] = metric_from(name, found)
        value: dict[str, Value] = {
            "cluster": self._cluster,
            "metrics": told,
            "on_error": _word(OnError, on_error),
        }
        recording.declare_suite(self._suite, {**value, "text_in_git": self._text})

    def _take(self, recording: Recording, *row: Any) -> None:
        """Add a row, or count it: how many of them a run lacks stands in its record.

        Raises GitExpError, ValueError or TypeError for what is wrong with it, and OSError.
        """
        try:
            fault = self._add(recording, *row)
        except FAULTS as error:
            if not self._strict:
                recording.refuse(str(error))
            raise
        if fault is not None:
            raise GitExpError(fault)

    def _add(
        self,
        recording: Recording,
        id: object,
        asked: Value,
        target: Value,
        scores: Value,
        output: Value,
        usage: Value,
        epoch: int,
        tags: Value,
        state: str,
        told: Mapping[str, object],
    ) -> str | None:
        """What is wrong with the scores of the row, which is kept."""
        if id is None and asked is None:
            raise UsageError("an example needs an id or an input", hint="add(id=…, input=…, scores={…})")
        x = short_hash(finite(asked if asked is not None else str(id)))
        name, fault = (x, None) if id is None else id_of(str(id), x)
        if fault is not None and self._strict:
            raise fault
        key = name, _epoch(epoch)
        if key in self._keys:
            raise UsageError(f"example {name!r} was added to epoch {key[1]} before", hint="add(…, epoch=2)")
        if self._inputs.setdefault(name, x) != x:
            raise UsageError(f"id {name!r} stands for two inputs", hint="give each example an id of its own")
        found, faults = _scores(scores)
        self._declare(recording, found)
        if faults and state == State.OK.value:
            state = State.ERROR.value
        row: dict[str, dict[str, Value]] = {"e": self._example(name, x, target, _tags(tags))}
        row["r"] = {"id": name, "ep": key[1], "s": found}
        if state != State.OK.value:
            row["r"]["st"] = _word(State, state)
        counts = {k: usage[k] for k in USAGE if is_score(usage.get(k))} if isinstance(usage, Mapping) else {}
        if counts:
            row["u"] = {**counts, "id": name, "ep": key[1]}
        details = {"output": finite(output), **{k: str(v) for k, v in told.items() if v is not None}}
        if details.keys() != {"output"} or output is not None:
            row["o"] = {**details, "id": name, "ep": key[1]}
        if self._text:
            row["t"] = {"id": name, "input": finite(asked), "target": finite(target)}
        recording.result(self._suite, row)
        self._keys.add(key)
        if fault is not None and not self._stood_in:
            self._stood_in = True
            told_of = f"an {STANDS_IN}: {str(id)[:80]!r}"
            warn(f"run {recording.name!r}, suite {self._suite!r}: {told_of}")
        # The record leaves out what cannot be, whoever added it.
        if faults := [*faults, *self._impossible(found)]:
            told_of = f"example {name!r} of suite {self._suite!r}"
            return f"{told_of}: {faults[0]}: it counts as an error"
        return None

    def _impossible(self, scores: Mapping[str, Score]) -> Iterator[str]:
        for name, score in scores.items():
            metric = self._declared.get(name)
            if metric is not None and not metric.allows(score):
                yield f"{name!r}: {score:g} is no score, as it was said to be {metric.allowed}"

    def _example(self, name: str, x: str, target: Value, tags: Mapping[str, Value]) -> dict[str, Value]:
        example: dict[str, Value] = {"id": name, "x": x}
        if target is not None:
            example["y"] = short_hash(finite(target))
        if tags:
            example["tags"] = tags
        if self._cluster is not None and tags.get(self._cluster) is not None:
            example["c"] = str(tags[self._cluster])
        return example

    def _declare(self, recording: Recording, scores: Mapping[str, Score]) -> None:
        """Say which way the metrics that are new are better."""
        fresh = {
            name: goal_of(name, recording.repo.settings.goals) for name in scores if name not in self._metrics
        }
        if fresh:
            self._metrics.update(fresh)
            recording.declare_suite(self._suite, {"guessed": {k: v for k, v in fresh.items() if v}})


def _plain(value: object) -> Value:
    """`plain(value)`, at once where it is plain already: most are words, numbers and mappings of them."""
    if type(value) is dict and _PLAIN.issuperset(map(type, (*value, *value.values()))):
        return value
    return value if type(value) is tuple and not value else plain(value)


def _called(recording: Recording | None, suite: str, strict: bool) -> str:
    """The name that a suite has in the record; of a strict run the one that it was given, good or not."""
    if recording is None or strict:
        return suite
    name = suite_called(suite, recording.suites)
    if name != suite and name not in recording.suites:
        warn(f"run {recording.name!r}: suite {suite[:80]!r} is recorded as {name!r}")
    recording.suites[name] = suite
    return name


def _metric(name: str, told: Any) -> dict[str, Value]:
    """`binary`, `min`, or a mapping of what `meta.yaml` has."""
    if isinstance(told, str):
        kinds = {one.value for one in Kind}
        return {"kind": told} if told in kinds else {"direction": _word(Direction, told)}
    found = plain(told)
    if not isinstance(found, dict) or not found.keys() <= set(_METRIC_KEYS):
        raise UsageError(f"metric {name!r} cannot be {told!r:.80}", hint='metrics={"match": "binary"}')
    if "kind" in found:
        _word(Kind, found["kind"])
    if "direction" in found:
        _word(Direction, found["direction"])
    return found


def _word(kind: Any, word: object) -> str:
    try:
        return str(kind(word).value)
    except ValueError:
        raise UsageError(f"{word!r:.80} is none of {', '.join(one.value for one in kind)}") from None


def _scores(scores: Value) -> tuple[dict[str, Score], list[str]]:
    """The scores that are numbers, and what is wrong with the others."""
    found: dict[str, Score] = {}
    faults: list[str] = []
    each = scores if isinstance(scores, Mapping) else {} if scores is None else {"score": scores}
    for name, value in each.items():
        for metric, one in flattened(name, value):
            try:
                if one is not None:
                    found[check_label("metric", metric)] = number(one)
            except NoScore as error:
                faults.append(f"{metric!r}: {error}")
    return found, faults


def _tags(tags: Value) -> dict[str, Value]:
    """Names and values; a list of words is tags that are true."""
    each = dict.fromkeys(map(str, tags), True) if isinstance(tags, (list, tuple)) else tags
    if not isinstance(each, Mapping):
        raise UsageError(f"{tags!r:.80} are no tags", hint='tags={"topic": "geo"}')
    for name, value in each.items():
        check_label("tag", name)
        if value is not None and not is_score(value) and not isinstance(value, bool):
            check_label("tag", value)
    return without_none(each)


def _epoch(epoch: object) -> int:
    if type(epoch) is not int or not 0 <= epoch < MAX_EPOCH:
        raise UsageError(f"{epoch!r:.80} is not an epoch", hint="use whole numbers from 1 on")
    return epoch
