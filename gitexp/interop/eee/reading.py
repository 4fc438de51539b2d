"""Documents of Every Eval Ever, the schema of the EvalEval Coalition: reported scores, and samples.

https://github.com/evaleval/every_eval_ever
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitexp.errors import BrokenFile
from gitexp.interop.building import Row, SuiteBuilder, compared
from gitexp.interop.eee import words
from gitexp.interop.eee.files import Log, documents, is_document, is_samples, logs, read_document, samples_of
from gitexp.interop.eee.inputs import inputs_of
from gitexp.interop.eee.names import Names
from gitexp.interop.eee.results import Reported, Results, reported, with_told
from gitexp.interop.eee.samples import row_of
from gitexp.interop.eee.words import parsed
from gitexp.interop.imported import OTHER_FORMAT, Imported, Request
from gitexp.interop.problems import Problems
from gitexp.interop.source import Source, mapping, text
from gitexp.interop.told import portable, time_text
from gitexp.model.evaluation import MAX_SUITE, MAX_SUITES, Metric, OnError, Suite, is_score, suite_name
from gitexp.model.evaluation import Source as Origin

NAME = words.NAME


def recognises(source: Source) -> bool:
    if source.is_folder:
        return any(is_document(Source(path)) for path in documents(source)[:1])
    return is_document(source) or is_samples(source)


def logs_in(source: Source) -> list[Source]:
    """Each document in a folder: they may be of as many models, and are as many runs."""
    return [log.source for log in logs(source)]


def files(source: Source) -> Sequence[Path]:
    return [path for log in logs(source) for path in log.paths]


def read(source: Source, request: Request, problems: Problems) -> list[Imported]:
    found = logs(source)
    if not found:
        raise BrokenFile(f"{source.shown}: no <uuid>.json of Every Eval Ever in it", hint=OTHER_FORMAT)
    return [_imported(log, request, problems) for log in found]


@dataclass(slots=True)
class _Suites:
    """The suites of one document, while its samples are put into them."""

    shown: str
    results: Results
    request: Request
    problems: Problems
    written: Mapping[str, Any]
    builders: dict[str, SuiteBuilder] = field(default_factory=dict)
    """By the name of the evaluation."""
    model: str | None = None
    """By the word of a sample."""
    _names: Names = field(default_factory=lambda: Names("-", MAX_SUITE))
    _limits: dict[str, dict[str, Metric]] = field(default_factory=dict)
    """What is told of the metrics of an evaluation, as far as it was asked for."""
    _epochs: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def about(self, evaluation: str) -> dict[str, Any]:
        """What gitexp wrote of a suite."""
        return mapping(self.written.get(evaluation))

    def builder(self, evaluation: str) -> SuiteBuilder:
        if evaluation not in self.builders:
            if len(self.builders) == MAX_SUITES:
                raise BrokenFile(
                    f"{self.shown}: more than {MAX_SUITES} evaluations are in it",
                    hint="split it, and import its parts",
                )
            mine = self.results.of(evaluation)
            told = self.about(evaluation)
            made = self.request.builder(self._name(evaluation), self.problems, text(told.get("cluster")))
            made.directions = {one.metric: one.direction for one in mine if one.direction is not None}
            if told.get("on_error") == OnError.ZERO.value:
                made.on_error = OnError.ZERO
            self.builders[evaluation] = made
        return self.builders[evaluation]

    def add(self, where: str, sample: Mapping[str, Any]) -> None:
        evaluation, metric = self.results.measured(sample)
        key = evaluation, metric, str(sample.get("sample_id"))
        # The schema has no epochs: the same question once more is the next one.
        epoch = self._epochs[key] = self._epochs.get(key, 0) + 1
        self.model = self.model or text(sample.get("model_id"))
        row = row_of(where, sample, metric, epoch)
        self._check(evaluation, row)
        self.builder(evaluation).merge(row)

    def _check(self, evaluation: str, row: Row) -> None:
        """Warn of a score that is beyond what the results say."""
        if evaluation not in self._limits:
            self._limits[evaluation] = {one.metric: one.limits for one in self.results.of(evaluation)}
        for name, score in row.scores.items():
            limits = self._limits[evaluation].get(name)
            if limits is not None and is_score(score) and not limits.allows(score):
                told = f"{name!r} is {score:g}, where {limits.allowed} was told: what was told does not hold"
                self.problems.warn(row.where, told, f"{name!r} is not what was told")

    def _name(self, evaluation: str) -> str:
        own = suite_name(evaluation)
        if self.request.suite is not None:
            several = len(self.results.evaluations) > 1
            own = suite_name(f"{self.request.suite}-{evaluation}") if several else self.request.suite
        return self._names.free(own)


def _imported(log: Log, request: Request, problems: Problems) -> Imported:
    shown = (log.document or log.source).shown
    value = read_document(log, problems)
    written = mapping(parsed(words.details_of(value), words.SUITES))
    made = _Suites(shown, Results(reported(value, shown, problems)), request, problems, written)
    for evaluation in made.results.evaluations:
        made.builder(evaluation)
    for line in samples_of(log, value, problems):
        made.add(line.where, line.value)
    if not made.builders:
        problems.check()
        raise BrokenFile(f"{shown}: no results of Every Eval Ever in it", hint=OTHER_FORMAT)
    if not any(made.builders.values()):
        problems.warn(shown, "it has no samples: the scores are as they are reported")
    suites = [(_suite(made, evaluation, value), made.results.of(evaluation)) for evaluation in made.builders]
    for suite, results in suites:
        for one in results:
            compared(suite, one.where, one.metric, one.score, f"{one.evaluation} {one.metric}", problems)
    return _whole(value, suites, made.model)


def _suite(made: _Suites, evaluation: str, log: Mapping[str, Any]) -> Suite:
    library = mapping(log.get("eval_library"))
    tool, version = (_known(library.get(key)) for key in ("name", "version"))
    task = text(made.about(evaluation).get("task")) or evaluation
    numbers = {key: number for one in made.results.of(evaluation) for key, number in one.numbers.items()}
    suite = made.builder(evaluation).build(Origin(tool or NAME, version, made.request.digest, task), numbers)
    return with_told(suite, made.results.of(evaluation))


def _whole(
    log: Mapping[str, Any], suites: Sequence[tuple[Suite, Sequence[Reported]]], model: str | None
) -> Imported:
    library, about = mapping(log.get("eval_library")), mapping(log.get("model_info"))
    details = words.details_of(log)
    name = text(about.get("name")) or text(about.get("id")) or model
    tool, version = (_known(library.get(key)) for key in ("name", "version"))
    started = next(
        (
            found
            for one in (log, *(each.value for _, results in suites for each in results))
            if (found := _time(one.get("evaluation_timestamp")))
        ),
        _time(log.get("retrieved_timestamp")),
    )
    return Imported(
        tuple(suite for suite, _ in suites),
        tuple(inputs_of(log, suites, model)),
        _line(details.get(words.TITLE)) or (portable(_line(name)) if name else None),
        started,
        _time(details.get(words.ENDED)),
        text(details.get(words.CODE)),
        details.get(words.DIRTY) == "true",
        {tool: version} if tool and version else {},
    )


def _line(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _known(value: object) -> str | None:
    found = text(value)
    return None if found is None or found.lower() == words.UNKNOWN else found


def _time(value: object) -> str | None:
    """A time in ISO 8601, or seconds since 1970 as the schema has them, in a text."""
    try:
        return time_text(float(str(value)))
    except ValueError:
        return time_text(value)
