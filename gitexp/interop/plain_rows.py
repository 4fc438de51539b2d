"""Plain tables with a row for each answer: JSON lines, a JSON list, CSV. Columns are known by name."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gitexp.errors import BrokenFile, UsageError
from gitexp.formats.canonical_json import short_hash
from gitexp.interop.building import Row, SuiteBuilder
from gitexp.interop.imported import Columns, Imported, Request
from gitexp.interop.problems import Problems
from gitexp.interop.scores import says_nothing
from gitexp.interop.source import MAX_ROWS, Line, Source, mapping
from gitexp.interop.told import input_of
from gitexp.model.evaluation import Source as Origin
from gitexp.model.evaluation import State, is_hash, suite_name
from gitexp.model.record import Pin

_USUAL: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "example_id", "sample_id", "question_id", "doc_id"),
    "input": ("input", "question", "prompt", "query", "user_input"),
    "target": ("target", "expected", "expected_output", "reference", "ground_truth", "answer"),
    "output": ("output", "response", "prediction", "completion", "actual_output"),
    "epoch": ("epoch", "ep", "repeat", "trial"),
}
_SCORES = ("scores", "score")
_STATES = {one.value: one for one in State}
_MANY = 1 << 20


class _Table:
    """JSON lines, a list, or CSV, told apart by a module each."""

    def __init__(self, name: str) -> None:
        self.NAME = name

    def recognises(self, source: Source) -> bool:
        if source.is_folder or source.is_zip or b"\0" in source.start:
            return False
        if self.NAME == "csv":
            return not (source.is_json or source.is_lines) and _has_columns(source)
        return source.is_lines or source.is_json

    def files(self, source: Source) -> Sequence[Path]:
        return [source.path]

    def read(self, source: Source, request: Request, problems: Problems) -> list[Imported]:
        named: set[str] = set()
        rows = _csv(source, named) if self.NAME == "csv" else _json(source, problems)
        builder = request.builder(request.suite or suite_name(source.stem), problems)
        first: Mapping[str, Any] | None = None
        scored, unscored = False, 0
        nameless = _Nameless(source.shown, problems)
        for line in rows:
            if line.fault is not None:
                problems.error(line.where, line.fault)
                nameless.faults += 1
                continue
            first = line.value if first is None else first
            # A row need not have all of them: in a CSV an empty cell is none.
            columns = _score_columns(line.value, request.columns)
            scored = scored or bool(columns)
            named.update(line.value, mapping(line.value.get("tags")))
            row = _row(line.where, line.value, columns, request)
            if request.scored and row.state is State.OK and says_nothing(row.scores):
                unscored += 1
                problems.warn(row.where, "no score: it counts as an error", "no score")
                row = replace(row, state=State.ERROR)
            if not nameless.takes(row):
                builder.add(row)
        if first is None:
            problems.check()
            raise BrokenFile(
                f"{source.shown}: no rows in it", hint="a row is such as id,score and q1,1 below it"
            )
        _check_named(source, named, request)
        if not scored:
            if source.is_cut_off:
                problems.check()
            raise _no_scores(source, first)
        numbered = nameless.add_to(builder) if request.numbered else nameless.refuse()
        if unscored == len(builder) > 0:
            raise BrokenFile(f"{source.shown}: none of its scores is a number", hint="such as 1 and 0")
        suite = builder.build(Origin(self.NAME, None, request.digest, source.path.name))
        # That so many were asked is all that is known of questions which are numbered.
        pin = Pin.INFERRED if numbered else None
        return [Imported((suite,), (input_of("dataset", suite.name, {}, suite, pin=pin),))]


JSON_LINES, CSV = _Table("jsonl"), _Table("csv")


class _Nameless:
    """The rows that have neither an id nor a question: where all are so, their places tell them apart."""

    def __init__(self, shown: str, problems: Problems) -> None:
        self.faults = 0
        """Lines that could not be read: they have places as well."""
        self._shown = shown
        self._problems = problems
        self._rows: list[tuple[int, Row]] = []
        self._counts: Counter[object] = Counter()

    def takes(self, row: Row) -> bool:
        """Whether `row` is one of these."""
        if row.id is not None or row.input is not None or row.x is not None:
            return False
        epoch = str(row.epoch)
        self._counts[epoch] += 1
        self._rows.append((self._counts[epoch] + self.faults, row))
        return True

    def add_to(self, builder: SuiteBuilder) -> bool:
        """Whether they were numbered; among rows with ids they are errors."""
        if len(builder):
            return self.refuse()
        for number, row in self._rows:
            builder.add(replace(row, id=number, x=short_hash(number)))
        if self._rows:
            told = "its rows have neither ids nor questions: they are numbered, and compared by their places"
            self._problems.warn(self._shown, f"{told} (--id COLUMN and --input COLUMN name them)")
        return bool(self._rows)

    def refuse(self) -> bool:
        for _, row in self._rows:
            self._problems.error(row.where, "neither an id nor a question: --id COLUMN, --input COLUMN")
        return False


def _json(source: Source, problems: Problems) -> Iterator[Line]:
    if source.is_lines:
        yield from source.lines()
        return
    found = source.read_document(problems)
    if not isinstance(found, list):
        where = f"{source.shown}, line 1"
        yield Line(where, found) if isinstance(found, dict) else Line(where, fault="not a JSON object")
        return
    for number, value in enumerate(found):
        where = f"{source.shown}, row {number}"
        yield Line(where, value) if isinstance(value, dict) else Line(where, fault="not a JSON object")


def _csv(source: Source, named: set[str]) -> Iterator[Line]:
    """The rows; what the columns are called goes into `named`, as a row has none of its empty cells."""
    tab = source.start.partition(b"\n")[0].count(b"\t") > source.start.partition(b"\n")[0].count(b",")
    with source.path.open("rb") as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as file:
        reader = csv.reader(_bounded(file), delimiter="\t" if tab else ",", strict=True)
        names: list[str] | None = None
        while True:
            try:
                cells = next(reader, None)
            except (csv.Error, UnicodeDecodeError) as error:
                yield Line(f"{source.shown}, line {reader.line_num + 1}", fault=str(error))
                return
            where = f"{source.shown}, line {reader.line_num}"
            if cells is None:
                return
            if names is None:
                names = cells
                if len(set(names)) != len(names):
                    raise BrokenFile(f"{where}: two columns have one name", hint="rename one of them")
                named.update(names)
            elif len(cells) != len(names):
                yield Line(where, fault=f"{len(cells)} cells instead of {len(names)}")
            elif reader.line_num > MAX_ROWS:
                yield Line(where, fault=f"more than {MAX_ROWS} lines")
                return
            else:
                yield Line(where, {k: v for k, v in zip(names, cells, strict=True) if v != ""})


def _has_columns(source: Source) -> bool:
    """Not so a file of settings or prose, unless its name says otherwise: a table has ids beside scores."""
    first = source.start.lstrip().partition(b"\n")[0]
    return b"," in first or b"\t" in first or source.path.suffix.lower() in (".csv", ".tsv")


def _bounded(file: io.TextIOWrapper) -> Iterator[str]:
    while line := file.readline(_MANY):
        yield line


def _score_columns(row: Mapping[str, Any], columns: Columns) -> Sequence[str]:
    """Those that are named, or else those with usual names."""
    return columns.scores or [
        name
        for name in row
        if name in _SCORES or name in columns.metrics or name.startswith(("score.", "score_", "scores."))
    ]


def _check_named(source: Source, there: Collection[str], request: Request) -> None:
    """Raises UsageError for a column that was asked for and is nowhere."""
    one = request.columns
    asked = (*one.scores, one.id, one.input, one.target, one.output, one.epoch, *one.tags, request.cluster)
    for name in asked:
        if name and name not in there:
            known = ", ".join(sorted(there)[:10])
            raise UsageError(f"{source.shown}: no column {name!r:.80}", hint=f"it has {known:.200}")


def _no_scores(source: Source, row: Mapping[str, Any]) -> UsageError:
    known = {name for names in _USUAL.values() for name in names}
    others = [f"--score {name}" for name in row if name not in known and name.isidentifier()]
    return UsageError(
        f"{source.shown}: no column of scores is known", hint=" ".join(others[:3]) or "--score NAME"
    )


def _row(where: str, value: Mapping[str, Any], columns: Sequence[str], request: Request) -> Row:
    wanted = request.columns

    def found(kind: str, named: str | None) -> Any:
        names = (named,) if named else _USUAL[kind]
        return next((value[name] for name in names if value.get(name) is not None), None)

    asked, target, epoch = (
        found("input", wanted.input),
        found("target", wanted.target),
        found("epoch", wanted.epoch),
    )
    own = found("id", wanted.id)
    own = None if own == "" else own
    x, y = value.get("x"), value.get("y")
    tags = {name: value[name] for name in wanted.tags if name in value} | mapping(value.get("tags"))
    state = value.get("state", value.get("st", "ok"))
    return Row(
        where,
        own,
        int(epoch)
        if isinstance(epoch, str) and epoch.isdecimal() and len(epoch) < 10
        else 1
        if epoch is None
        else epoch,
        asked if asked is not None or is_hash(x) else own,
        target,
        x=x if asked is None and is_hash(x) else None,
        y=y if target is None and is_hash(y) else None,
        scores=dict(_scores(value, columns)),
        state=_STATES.get(state, State.ERROR) if isinstance(state, str) else State.ERROR,
        metadata=tags,
        cluster=value.get(request.cluster) if request.cluster else value.get("cluster"),
        output=found("output", wanted.output),
    )


def _scores(value: Mapping[str, Any], columns: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for name in columns:
        one = value.get(name)
        if name == "scores" and isinstance(one, dict):
            yield from one.items()
        elif one is not None:
            yield name.removeprefix("scores.").removeprefix("score."), one
