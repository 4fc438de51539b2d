"""Which columns runs and their series have in a data frame."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any, Final

from gitexp.api.table import Column, Kind, Table, as_float, as_text, text_column, time_column, typed
from gitexp.formats.assignment import flatten
from gitexp.model.history import MISSING, History
from gitexp.model.record import RunInfo
from gitexp.model.times import parse_time
from gitexp.model.values import Value
from gitexp.ops.read import StoredRun

_ESCAPED: Final = re.compile(r"\\([.\\])")


def table_of_runs(runs: Sequence[StoredRun]) -> Table:
    """A row for each run: what its `run.yaml` says, then `params.…` and `metrics.…`, each sorted by name."""
    params = _columns("params.", [_dotted(run.record.params) for run in runs])
    metrics = _columns("metrics.", [run.record.metrics for run in runs])
    return Table((*_labels(runs), *params, *metrics))


def table_of_histories(runs: Sequence[StoredRun]) -> Table:
    """A row for each value that was ever logged: run by run, metric by metric, in the order of writing.

    `value` is the number, `text` whatever else was logged; both are missing for null. `abandoned` tells the
    rows that a resumption left behind.
    """
    rows = [row for run in runs for row in _long(run)]
    name, step, time, metric, value, text, abandoned = zip(*rows, strict=True) if rows else ((),) * 7
    return Table(
        (
            text_column("name", name),
            typed("step", step),
            time_column("time", time),
            text_column("metric", metric),
            Column("value", Kind.FLOAT, value),
            text_column("text", text),
            Column("abandoned", Kind.BOOLEAN, abandoned),
        )
    )


def table_of_history(history: History) -> Table:
    """A row for each row: `step`, `time`, then the metrics sorted by name.

    A metric that is itself called step or time has its column below `metrics.`.
    """
    columns = history.columns
    cells = {
        _own_name(name, columns): [None if cell is MISSING else cell for cell in column]
        for name, column in columns.items()
    }
    metrics = [typed(name, cells[name]) for name in sorted(cells)]
    return Table((typed("step", history.steps), time_column("time", history.times), *metrics))


def _own_name(metric: str, taken: Container[str]) -> str:
    name = metric
    while name in ("step", "time") or (name != metric and name in taken):
        name = f"metrics.{name}"
    return name


def _labels(runs: Sequence[StoredRun]) -> Iterator[Column]:
    infos = [run.record.info for run in runs]
    started = [parse_time(info.started) for info in infos]
    ended = [parse_time(info.ended) if info.ended else None for info in infos]
    yield text_column("name", [run.name for run in runs])
    yield text_column("status", [info.status.value for info in infos])
    yield time_column("started", started)
    yield time_column("ended", ended)
    yield Column("duration", Kind.FLOAT, list(map(_duration, started, ended)))
    for label in ("title", "group"):
        yield text_column(label, [getattr(info, label) for info in infos])
    yield Column("tags", Kind.LIST, [sorted(set(info.tags)) for info in infos])
    yield Column("star", Kind.BOOLEAN, [info.star for info in infos])
    yield text_column("note", [info.note for info in infos])
    yield text_column("commit", [run.commit for run in runs])
    yield text_column("base", [info.code.base for info in infos])
    yield text_column("tree", [info.code.tree for info in infos])
    yield Column("dirty", Kind.BOOLEAN, [info.code.dirty for info in infos])
    yield from _ends(infos)


def _ends(infos: Sequence[RunInfo]) -> Iterator[Column]:
    yield text_column("id", [info.id for info in infos])
    yield typed("exit_code", [info.exit_code for info in infos])
    yield text_column("signal", [info.signal for info in infos])
    yield text_column("command", [" ".join(info.command) or None for info in infos])
    yield Column("parents", Kind.LIST, [list(info.parents) for info in infos])


def _duration(started: float, ended: float | None) -> float | None:
    """Seconds, to the millisecond as times are recorded; None while the run goes on."""
    return None if ended is None else round(ended - started, 3)


def _columns(prefix: str, each: Sequence[Mapping[str, Value]]) -> list[Column]:
    cells: dict[str, list[Any]] = {}
    for index, one in enumerate(each):
        for key, value in one.items():
            column = cells.get(key)
            if column is None:
                column = cells[key] = [None] * len(each)
            column[index] = value
    return [typed(prefix + key, cells[key]) for key in sorted(cells)]


def _dotted(params: Mapping[str, Value]) -> dict[str, Value]:
    """The leaves by the keys that a query knows them by; of two with one key, one keeps its backslashes."""
    found: dict[str, Value] = {}
    if _gather(params, "", found):
        return found
    found = {}
    for escaped, value in sorted(flatten(params).items()):
        plain = _ESCAPED.sub(r"\1", escaped)
        found[escaped if plain in found else plain] = value
    return found


def _gather(values: Mapping[str, Value], above: str, found: dict[str, Value]) -> bool:
    """Put the leaves into `found`; false where two have the same key."""
    for key, value in values.items():
        name = above + key
        if isinstance(value, Mapping) and value:
            if not _gather(value, f"{name}.", found):
                return False
        elif name in found:
            return False
        else:
            found[name] = value
    return True


def _long(run: StoredRun) -> Iterator[tuple[Any, ...]]:
    history = run.history()
    gone = {row for one in run.record.info.resumed for row in range(one.kept, min(one.rows, len(history)))}
    for metric in sorted(history.columns):
        for index, cell in enumerate(history.columns[metric]):
            if cell is MISSING:
                continue
            number = as_float(cell)
            text = None if number is not None or cell is None else as_text(cell)
            yield run.name, history.steps[index], history.times[index], metric, number, text, index in gone
