"""Rows of evaluations in a journal, put together to suites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gitexp.errors import BrokenRecord
from gitexp.formats import eval_tables as tables
from gitexp.formats import record_fields as fields
from gitexp.formats.eval_files import metric_from
from gitexp.model.evaluation import (
    Direction,
    Example,
    Key,
    Kind,
    Meta,
    Metric,
    OnError,
    Output,
    Result,
    Score,
    State,
    Suite,
    Text,
    Usage,
    check_suite,
    kind_of,
)
from gitexp.model.metric import guessed

_SEEN = 100
"""Different values of a metric that are looked at to tell what it is."""


@dataclass(slots=True)
class SuiteRows:
    """What is known of one suite so far."""

    meta: Meta
    text_in_git: bool = False
    """Whether outputs and texts may stand in git."""
    metrics: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """What was said of each, as `meta.yaml` has it."""
    guessed: dict[str, str] = field(default_factory=dict)
    """Which way those are better of which nobody said it."""
    examples: dict[str, Example] = field(default_factory=dict)
    results: dict[Key, Result] = field(default_factory=dict)
    usage: list[Usage] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    texts: dict[str, Text] = field(default_factory=dict)

    def declare(self, value: Mapping[str, Any]) -> None:
        """What was said of the suite; what is said later stands."""
        cluster = fields.text_or_none(value.get("cluster")) or self.meta.cluster
        on_error = OnError(value.get("on_error", self.meta.on_error.value))
        for name, told in fields.mapping(value.get("metrics")).items():
            metric_from(name, fields.mapping(told))
            self.metrics[name] = {**self.metrics.get(name, {}), **told}
        self.guessed |= {k: Direction(v).value for k, v in fields.mapping(value.get("guessed")).items()}
        self.meta = replace(self.meta, cluster=cluster, on_error=on_error)
        self.text_in_git = self.text_in_git or fields.flag(value.get("text_in_git"))

    def add(self, value: Mapping[str, Any]) -> None:
        """One answer. Raises BrokenRecord, or any of FAULTS, for what is none, or there already."""
        example = tables.example_from(fields.mapping(value["e"]))
        result = tables.result_from(fields.mapping(value["r"]))
        known = self.examples.get(example.id, example)
        if known.x != example.x or result.id != example.id or result.key in self.results:
            raise BrokenRecord(f"example {example.id!r} in epoch {result.epoch} occurs twice")
        usage = tables.usage_from(dict(value["u"])) if "u" in value else None
        output = tables.output_from(value["o"]) if "o" in value else None
        text = tables.text_from(value["t"]) if "t" in value else None
        self.examples.setdefault(example.id, example)
        self.results[result.key] = result
        if usage is not None and usage.key == result.key:
            self.usage.append(usage)
        if output is not None and output.key == result.key:
            self.outputs.append(output)
        if text is not None and text.id == example.id:
            self.texts.setdefault(text.id, text)

    def suite(self) -> Suite:
        values: dict[str, set[Score]] = {name: set() for name in self.metrics}
        for row in self.results.values():
            for name, score in row.scores.items():
                seen = values.setdefault(name, set())
                if len(seen) < _SEEN:
                    seen.add(score)
        metrics = tuple(self._metric(name, values[name]) for name in sorted(values))
        declared = {one.name: one for one in metrics if one.name in self.metrics}
        results, told = possible([self.results[key] for key in sorted(self.results)], declared)
        return Suite(
            replace(self.meta, metrics=metrics, warnings=tuple(told)),
            tuple(self.examples[id] for id in sorted(self.examples)),
            results,
            tuple(sorted(self.usage, key=lambda one: one.key)),
            tuple(sorted(self.outputs, key=lambda one: one.key)),
            tuple(self.texts[id] for id in sorted(self.texts)),
        )

    def _metric(self, name: str, values: set[Score]) -> Metric:
        told = dict(self.metrics.get(name, {}))
        # Whoever says that scores are right or wrong says which is better, unless its name does.
        said = "direction" in told or (told.get("kind") == Kind.BINARY.value and name not in self.guessed)
        if "kind" not in told:
            kind, bounds = kind_of(values)
            told["kind"] = kind.value
            if bounds is not None and "range" not in told:
                told |= {"range": list(bounds), "seen": said}
        found = metric_from(name, told)
        if said:
            return found
        direction, guess = guessed(self.guessed.get(name), found.kind)
        return replace(found, direction=direction, guess=guess)


def possible(
    results: Sequence[Result], metrics: Mapping[str, Metric]
) -> tuple[tuple[Result, ...], list[str]]:
    """The rows without the scores that `metrics` cannot have, and how many those were.

    Such a row counts as an error: what it was worth is not known.
    """
    left_out: dict[str, list[Score]] = {}
    found: list[Result] = []
    for row in results:
        wrong = {k for k, score in row.scores.items() if k in metrics and not metrics[k].allows(score)}
        for name in sorted(wrong):
            left_out.setdefault(name, []).append(row.scores[name])
        kept = {name: score for name, score in row.scores.items() if name not in wrong}
        state = State.ERROR if wrong and row.state is State.OK else row.state
        found.append(replace(row, scores=kept, state=state) if wrong else row)
    told = [
        f"scores of {name!r} left out, as they are not {metrics[name].allowed}: {len(scores)}, the first"
        f" {scores[0]:g}"
        for name, scores in sorted(left_out.items())
    ]
    return tuple(found), told


def named(suites: dict[str, SuiteRows], value: Mapping[str, Any]) -> SuiteRows:
    """The rows of the suite that `value` is of. Raises BrokenRecord or InvalidName."""
    name = check_suite(fields.text(value["suite"]))
    if name not in suites:
        suites[name] = SuiteRows(Meta(name))
    return suites[name]


def joined(old: Suite, new: Suite) -> Suite:
    """The rows of both; what is new of a row that both have, or of a question that has changed, stands."""
    examples = {one.id: one for one in old.examples}
    changed = {one.id for one in new.examples if one.id in examples and examples[one.id].x != one.x}
    examples |= {one.id: one for one in new.examples}

    def both(before: Sequence[Any], after: Sequence[Any]) -> tuple[Any, ...]:
        rows = {one.key: one for one in before if one.id not in changed} | {one.key: one for one in after}
        return tuple(rows[key] for key in sorted(rows))

    texts = {one.id: one for one in old.texts if one.id not in changed} | {one.id: one for one in new.texts}
    metrics = {one.name: one for one in old.meta.metrics} | {one.name: one for one in new.meta.metrics}
    return Suite(
        replace(new.meta, metrics=tuple(metrics[name] for name in sorted(metrics))),
        tuple(examples[id] for id in sorted(examples)),
        both(old.results, new.results),
        both(old.usage, new.usage),
        both(old.outputs, new.outputs),
        tuple(texts[id] for id in sorted(texts)),
    )
