"""Everything that is to be known of one run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gitexp.capture.snapshot import RECORD_FOLDER
from gitexp.git.objects import ObjectBuilder
from gitexp.model.history import Series, Step
from gitexp.model.record import Record
from gitexp.model.values import Scalar
from gitexp.ops.read import StoredRun
from gitexp.ops.resolve import resolve
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Trend:
    """A series in short."""

    name: str
    rows: int
    first_step: Step
    last_step: Step
    last: Scalar
    min: float | int | None
    """Of the finite values; None where there is none."""
    max: float | int | None
    values: Sequence[Scalar]


@dataclass(frozen=True, slots=True)
class Examined:
    run: StoredRun
    record: Record
    """The whole one."""
    trends: tuple[Trend, ...]
    stale: bool
    """Whether the record stands beside code that is not the code it was made with."""


def examine(repo: Repository, text: str) -> Examined:
    """The run that `text` means, in full. Raises NotFound, Ambiguous, UsageError or BrokenRecord."""
    run = resolve(repo, text)
    history = run.history()
    trends = tuple(trend(history.series(name)) for name in sorted(history.columns))
    return Examined(run, run.whole, trends, is_stale(run))


def trend(series: Series) -> Trend:
    finite = [v for v in series.values if isinstance(v, (int, float)) and _is_finite(v)]
    return Trend(
        name=series.name,
        rows=len(series),
        first_step=series.steps[0],
        last_step=series.steps[-1],
        last=series.values[-1],
        min=min(finite, default=None),
        max=max(finite, default=None),
        values=series.values,
    )


def is_stale(run: StoredRun) -> bool:
    """Whether the commit that the record was read from holds another code tree than the recorded one."""
    reader = run.repo.reader
    root = reader.resolve(run.commit, "")
    if root is None:
        return False
    entries = [e for e in reader.entries(root.oid) if e.name != RECORD_FOLDER]
    return ObjectBuilder(run.repo.layout.object_format).tree(entries) != run.record.info.code.tree


def _is_finite(value: int | float) -> bool:
    return math.isfinite(value) if isinstance(value, float) else not isinstance(value, bool)
