"""The metrics of a run with how they went, for `git exp show`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitexp.cli.render.sparkline import sparkline
from gitexp.cli.render.table import GAP
from gitexp.cli.render.values import cut, display_width, metric_text
from gitexp.cli.safe_text import safe
from gitexp.diff import same
from gitexp.model.values import Scalar
from gitexp.ops.examine import Trend
from gitexp.ops.headline import leading_first

_WIDEST, _WIDEST_VALUE = 32, 40
_SPARK, _SHORTEST_SPARK = 24, 8


def metric_table(
    metrics: Mapping[str, Scalar], trends: Sequence[Trend], width: int | None
) -> list[tuple[str, ...]]:
    """For each metric its name, value, best value with its step, number of rows, and sparkline.

    Those that tell most come first. Where nothing tells which way is better, the range stands for the best.
    The sparklines take what is left of `width`, within reason.
    """
    series = {one.name: one for one in trends}
    rows = {name: _row(name, metrics, series.get(name)) for name in leading_first({**series, **metrics})}
    used = sum(max(map(display_width, column)) + len(GAP) for column in zip(*rows.values(), strict=True))
    room = _SPARK if width is None else max(_SHORTEST_SPARK, min(_SPARK, width - used))
    return [
        (*row, sparkline(series[name].values, room) if name in series else "") for name, row in rows.items()
    ]


def _row(name: str, metrics: Mapping[str, Scalar], trend: Trend | None) -> tuple[str, ...]:
    label = cut(safe(name), _WIDEST)
    if trend is None:
        return label, _value(metrics[name]), "", ""
    # What was set with `summary` may be another value than the last one.
    value = metrics.get(name, trend.last)
    last = "" if same(value, trend.last) else f" (last {_value(trend.last)})"
    rows = f"{trend.rows} row{'s' if trend.rows > 1 else ''}"
    return label, _value(value) + last, _best(trend), rows


def _best(trend: Trend) -> str:
    if trend.min is None or trend.rows == 1:
        return ""
    if trend.best is None:
        return f"{metric_text(trend.min)} to {metric_text(trend.max)}"
    step = "" if trend.best_step is None else f" at step {metric_text(trend.best_step)}"
    return f"{trend.goal} {metric_text(trend.best)}{step}"


def _value(value: Scalar) -> str:
    return cut(metric_text(value), _WIDEST_VALUE)
