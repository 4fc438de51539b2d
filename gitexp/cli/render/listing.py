"""The columns of `git exp ls`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gitexp.cli.render.column_texts import value_column
from gitexp.cli.render.fitting import Fitted, fitted, narrowed
from gitexp.cli.render.paint import STATUS
from gitexp.cli.render.table import Cell, Column
from gitexp.cli.render.times import age_text
from gitexp.cli.render.values import cut, number_text
from gitexp.cli.safe_text import safe

if TYPE_CHECKING:
    from gitexp.model.missing import Missing
    from gitexp.model.values import Value
    from gitexp.ops.progress import Progress
    from gitexp.ops.read import StoredRun

_ROOMY = 120
"""Columns of a screen on which labels may be long."""
_WIDE, _NARROW, _SHORT = 24, 16, 10
_KNOWN_BY = 3
"""RUN, STATUS and AGE."""
_LEAST_VALUES = 2
"""Metrics and params that differ which labels make room for."""


class Values(Protocol):
    """A key of many runs."""

    @property
    def space(self) -> str: ...

    @property
    def key(self) -> str: ...

    @property
    def differs(self) -> bool:
        """Whether the values are not all the same."""

    def values(self) -> Sequence[Value | Missing]:
        """One for each run."""


class Sheet(NamedTuple):
    """What a list has to show."""

    runs: Sequence[StoredRun]
    progress: Mapping[str, Progress]
    """Name -> how far the run has come, of those that are being recorded here."""
    labels: bool
    """Whether the labels that runs are known by stand first."""
    asked: Sequence[Values]
    """Columns that were asked for."""
    more: Sequence[Values]
    """Those that are shown without having been asked for."""
    now: float
    stale: Collection[str] = ()
    """Names of runs that say nothing of the code of the commit that was asked for."""
    baselines: Mapping[str, Sequence[str]] = {}
    """Name -> the baselines that the run is."""


def listing(sheet: Sheet, width: int | None, most: int | None = None) -> Fitted:
    """The columns that there is room for; at most so many that were not asked for.

    Metrics and params are taken in turn, so that a narrow screen shows some of both.
    """
    longest = _WIDE if width is None or width >= _ROOMY else _NARROW
    labels = label_columns(sheet, longest) if sheet.labels else []
    asked = _asked_columns(sheet)
    turn = list(_in_turn(sheet.more))
    value_of = lru_cache(maxsize=None)(lambda index: _value_column(turn[index]))
    shown = range(len(turn) if most is None else min(most, len(turn)))
    wanted = min(_LEAST_VALUES, sum(one.differs for one in turn))
    for these in _less_and_less(labels):
        fixed = [*these, *asked]
        found = fitted(fixed, map(value_of, shown), len(turn), width)
        kept = len(found.columns) - len(fixed)
        if kept >= wanted or width is None:
            break
    if kept <= 0:
        return found
    place = {id(one): index for index, one in enumerate(sheet.more)}
    order = sorted(range(kept), key=lambda index: place[id(turn[index])])
    return found._replace(columns=[*found.columns[:-kept], *(found.columns[len(fixed) + i] for i in order)])


def _less_and_less(labels: list[Column]) -> Iterator[list[Column]]:
    """The labels, then with short texts, then without those that runs are not known by."""
    yield labels
    if len(labels) > _KNOWN_BY:
        known, more = labels[:_KNOWN_BY], [narrowed(column, _SHORT) for column in labels[_KNOWN_BY:]]
        for count in range(len(more), -1, -1):
            yield [*known, *more[:count]]


def label_columns(sheet: Sheet, longest: int) -> list[Column]:
    """RUN, STATUS and AGE, and BASELINE, TITLE, GROUP and TAGS where a run has one."""
    heads = [run.head for run in sheet.runs]
    columns = [
        Column("RUN", [f"{head.name} *" if head.star else head.name for head in heads], style="bold"),
        status_column([head.status for head in heads], sheet),
        Column("AGE", [age_text(sheet.now - head.started) for head in heads], right=True),
    ]
    for heading, texts in (
        ("BASELINE", [",".join(sheet.baselines.get(head.name, ())) for head in heads]),
        ("TITLE", [head.title for head in heads]),
        ("GROUP", [head.group for head in heads]),
        ("TAGS", _tags([head.tags for head in heads])),
    ):
        if any(texts):
            columns.append(_texts(heading, texts, longest))
    return columns


def status_column(statuses: Sequence[str], sheet: Sheet) -> Column:
    """`running 12/50` of a run that is being recorded here, `finished, stale` of one of other code."""
    cells = {status: Cell(status, STATUS.get(status)) for status in set(statuses)}
    if not sheet.progress and not sheet.stale:
        return Column("STATUS", [cells[status] for status in statuses])
    special = {name: Cell(progress_text(one), STATUS["running"]) for name, one in sheet.progress.items()}
    pairs = [(run.name, status) for run, status in zip(sheet.runs, statuses, strict=True)]
    special |= {name: Cell(f"{status}, stale", "red") for name, status in pairs if name in sheet.stale}
    return Column("STATUS", [special.get(name, cells[status]) for name, status in pairs])


def progress_text(progress: Progress) -> str:
    """`running`, `running 12` or `running 12/50`."""
    if progress.step is None:
        return "running"
    total = "" if progress.total is None else f"/{progress.total}"
    return f"running {number_text(progress.step, digits=6)}{total}"


def _asked_columns(sheet: Sheet) -> list[Column]:
    """The columns that were asked for; two of one heading are told apart by the spaces of their keys."""
    columns = [_column(values, sheet) for values in sheet.asked]
    headings = [column.heading for column in columns]
    return [
        column._replace(heading=safe(f"{values.space}.{column.heading}"))
        if headings.count(column.heading) > 1 and values.space in ("params", "metrics")
        else column
        for values, column in zip(sheet.asked, columns, strict=True)
    ]


def _in_turn(columns: Sequence[Values]) -> Iterator[Values]:
    for differs in (True, False):
        parts = [
            [one for one in columns if one.differs is differs and one.space == space]
            for space in ("metrics", "params")
        ]
        for index in range(max(map(len, parts))):
            yield from (part[index] for part in parts if index < len(part))


def _column(values: Values, sheet: Sheet) -> Column:
    if (values.space, values.key) == ("run", "status"):
        return status_column([str(value) for value in values.values()], sheet)
    return _value_column(values)


def _value_column(values: Values) -> Column:
    return value_column(values.space, values.key, values.values())


def _tags(texts: Sequence[str]) -> Sequence[str | None]:
    """Lists in JSON; most runs have none, or the same as others."""
    known = {"[]": ""}
    for text in set(texts) - known.keys():
        import json

        known[text] = ",".join(json.loads(text))
    return [known[text] for text in texts]


def _texts(heading: str, texts: Sequence[str | None], longest: int) -> Column:
    known = {text: cut(safe(text), longest) if text else "" for text in set(texts)}
    return Column(heading, [known[text] for text in texts])
