"""What `git exp plot` draws: the series of runs as curves, one panel for each metric."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

from gitexp.errors import NotFound, UnknownKey
from gitexp.model.history import MISSING, History, Series
from gitexp.model.times import parse_time
from gitexp.model.values import is_finite
from gitexp.ops.headline import leading_first
from gitexp.ops.read import StoredRun

Axis: TypeAlias = Literal["step", "time", "relative"]
Gapped: TypeAlias = tuple[float | None, ...]
"""Numbers, and None where the curve has a gap."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One series of one run, in the order of its x."""

    run: str
    """What it is called."""
    place: int
    """The place of the run among those that are drawn: its colour in every panel."""
    xs: tuple[float, ...]
    """Steps, seconds since 1970, or seconds since the run's start."""
    ys: Gapped
    smooth: Gapped | None = None
    """The smoothed values, where smoothing was asked for."""

    @property
    def shown(self) -> Gapped:
        return self.ys if self.smooth is None else self.smooth


@dataclass(frozen=True, slots=True)
class Panel:
    metric: str
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Panels one below the other, and what a person must be told of what is not in them."""

    panels: tuple[Panel, ...]
    runs: tuple[str, ...]
    """What each is called."""
    axis: Axis
    log_y: bool
    notices: tuple[str, ...]


def draw(
    runs: Sequence[StoredRun],
    metrics: Sequence[str] = (),
    *,
    axis: Axis = "step",
    smoothing: float = 0.0,
    log_y: bool = False,
    most: int = 6,
    labels: Sequence[str] = (),
) -> Drawing:
    """The curves of `metrics` (names, or patterns with `*`) of all `runs`; without any those that tell most.

    Rows that a resumption abandoned are left out, and of several rows of one step all but the last. NaN and
    infinities are gaps, and so is what is not positive where `log_y`. `smoothing` is the weight of what came
    before, from 0 up to 1; `labels` are what the runs are called, if not by their names.
    Raises UnknownKey for a metric that no run has, NotFound where there is no series.
    """
    told: list[str] = []
    histories = [_history(run) for run in runs]
    chosen = list(_chosen(histories, metrics, most, told))
    wish = _Wish(axis, smoothing, log_y, labels or [run.name for run in runs])
    panels = [_panel(metric, runs, histories, wish, told) for metric in chosen]
    drawn = tuple(panel for panel in panels if panel.curves)
    if not drawn:
        raise NotFound("there is nothing to draw", hint="; ".join(told[:3]) or None)
    return Drawing(drawn, tuple(wish.labels), axis, log_y, tuple(told))


def thinned(xs: Sequence[float], ys: Gapped, most: int) -> tuple[list[float], list[float | None]]:
    """At most about `most` of the points: of each stretch the least, the greatest and a gap."""
    if len(xs) <= most:
        return list(xs), list(ys)
    size = math.ceil(len(xs) / max(1, most // 3))
    kept: list[int] = []
    for start in range(0, len(xs), size):
        part = range(start, min(start + size, len(xs)))
        numbers = {index: y for index in part if (y := ys[index]) is not None}
        gap = [index for index in part if ys[index] is None][:1]
        ends = (
            [min(numbers, key=numbers.__getitem__), max(numbers, key=numbers.__getitem__)] if numbers else []
        )
        kept += sorted({*ends, *gap})
    return [xs[index] for index in kept], [ys[index] for index in kept]


@dataclass(frozen=True, slots=True)
class _Wish:
    axis: Axis
    smoothing: float
    log_y: bool
    labels: Sequence[str]
    """What each run is called."""


def _history(run: StoredRun) -> History:
    return run.history().without([(one.kept, one.rows) for one in run.record.info.resumed])


def _chosen(
    histories: Sequence[History], metrics: Sequence[str], most: int, told: list[str]
) -> Iterable[str]:
    known = leading_first({name for one in histories for name in one.columns if _has_numbers(one, name)})
    if not known:
        raise NotFound("there is no series of numbers to draw", hint="git exp show RUN")
    if not metrics:
        if len(known) > most:
            told.append(
                f"{len(known) - most} of {len(known)} metrics are not drawn: -m METRIC, or -m '*' for all"
            )
        return known[:most]
    return dict.fromkeys(name for wanted in metrics for name in _matching(wanted, known))


def _matching(wanted: str, known: Sequence[str]) -> list[str]:
    found = [wanted] if wanted in known else [name for name in known if fnmatchcase(name, wanted)]
    if not found:
        near = get_close_matches(wanted, known, 1, 0.5)
        hint = f"-m {near[0]}" if near else f"there are {', '.join(known[:6])}" if known else None
        raise UnknownKey(f"no run has a series of numbers {wanted!r}", hint=hint)
    return found


def _has_numbers(history: History, name: str) -> bool:
    return any(type(cell) in (int, float) for cell in history.columns[name])


def _panel(
    metric: str, runs: Sequence[StoredRun], histories: Sequence[History], wish: _Wish, told: list[str]
) -> Panel:
    curves: list[Curve] = []
    without: list[str] = []
    for place, (run, history) in enumerate(zip(runs, histories, strict=True)):
        if all(cell is MISSING for cell in history.columns.get(metric, ())):
            without.append(repr(str(run.name)))
        elif curve := _curve(run, place, history.series(metric), wish, told):
            curves.append(curve)
    if without:
        told.append(_without(without, metric))
    return Panel(metric, tuple(curves))


def _without(names: Sequence[str], metric: str) -> str:
    if len(names) == 1:
        return f"run {names[0]} has no series {metric!r}"
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"runs {', '.join(names[:3])}{more} have no series {metric!r}"


def _curve(run: StoredRun, place: int, series: Series, wish: _Wish, told: list[str]) -> Curve | None:
    xs, values = _points(run, series, wish.axis)
    ys = tuple(_height(value, wish.log_y) for value in values)
    if wish.log_y and (lost := sum(_height(value, False) is not None for value in values) - _count(ys)):
        what = f"{lost} values of {series.name!r} are not positive"
        told.append(f"run {run.name!r}: {what}, which --log-y cannot show")
    if not _count(ys):
        told.append(f"run {run.name!r} has no finite number in the series {series.name!r}")
        return None
    smooth = tuple(_smoothed(ys, wish.smoothing)) if wish.smoothing else None
    return Curve(wish.labels[place], place, tuple(xs), ys, smooth)


def _count(ys: Gapped) -> int:
    return sum(y is not None for y in ys)


def _points(run: StoredRun, series: Series, axis: Axis) -> tuple[Sequence[float], Sequence[object]]:
    if axis == "step":
        if all(step is None for step in series.steps):
            return range(len(series)), series.values
        latest = series.latest()
        return [float(step) for step in latest.steps if step is not None], latest.values
    start = parse_time(run.record.info.started) if axis == "relative" else 0.0
    return [time - start for time in series.times], series.values


def _height(value: object, log_y: bool) -> float | None:
    return float(value) if is_finite(value) and (value > 0 or not log_y) else None


def _smoothed(ys: Gapped, weight: float) -> Iterator[float | None]:
    """The exponential moving average, corrected for its start at 0 as Adam's is (Kingma and Ba, 2015)."""
    mean, seen = 0.0, 1.0
    for y in ys:
        if y is None:
            yield None
            continue
        mean = weight * mean + (1 - weight) * y
        seen *= weight
        yield mean / (1 - seen)
