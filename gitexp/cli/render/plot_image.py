"""Curves as SVG or PNG, drawn by matplotlib: the same curves give the same bytes."""

from __future__ import annotations

import io
import warnings
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal

from gitexp.cli.safe_text import safe
from gitexp.ops.curves import Curve, Drawing, Panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
"""Colours that people with any kind of colour vision tell apart (Okabe and Ito, 2008)."""
_DASHES = ("solid", "dashed", "dotted", "dashdot")
_AXIS_NAMES = {"step": "step", "time": "time (UTC)", "relative": "seconds since the start"}
_WIDTH, _PANEL = 8.0, 3.0
_SETTINGS: Any = {
    "svg.hashsalt": "gitexp",
    "svg.fonttype": "none",  # text stays text: searchable, and small
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "timezone": "UTC",
    "date.converter": "concise",
}


def image(drawing: Drawing, kind: Literal["svg", "png"]) -> bytes:
    """The bytes of an image file. Raises ImportError where there is no matplotlib."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(), warnings.catch_warnings():
        # A character that no font has is drawn as a box, which tells as much.
        warnings.simplefilter("ignore")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        figure = Figure((_WIDTH, _PANEL * len(drawing.panels) + 0.5), layout="constrained")
        FigureCanvasAgg(figure)
        places = figure.subplots(len(drawing.panels), squeeze=False)
        for panel, (axes,) in zip(drawing.panels, places, strict=True):
            _panel(axes, panel, drawing)
        _legend(figure, drawing)
        file = io.BytesIO()
        told: dict[str, Any] = {"Date": None, "Creator": "gitexp"} if kind == "svg" else {"Software": None}
        figure.savefig(file, format=kind, dpi=150, metadata=told)
    return file.getvalue()


def _panel(axes: Axes, panel: Panel, drawing: Drawing) -> None:
    for curve in panel.curves:
        xs = (
            [datetime.fromtimestamp(x, timezone.utc) for x in curve.xs]
            if drawing.axis == "time"
            else curve.xs
        )
        style = _style(curve)
        if curve.smooth is not None:
            _line(axes, xs, curve.ys, alpha=0.25, linewidth=0.8, **style)
        _line(axes, xs, curve.shown, linewidth=1.5, **style)
    if drawing.log_y:
        axes.set_yscale("log")
    # A '$' in a name is a '$'.
    axes.set_title(safe(panel.metric), loc="left", parse_math=False)
    axes.set_xlabel(_AXIS_NAMES[drawing.axis])


def _line(axes: Axes, xs: Any, ys: Any, **style: Any) -> None:
    heights = [float("nan") if y is None else y for y in ys]
    # A point that stands alone between gaps has no line: it needs a mark.
    there = [False, *(y is not None for y in ys), False]
    alone = [i for i in range(len(ys)) if there[i + 1] and not there[i] and not there[i + 2]]
    axes.plot(xs, heights, marker="o", markersize=3, markevery=alone, **style)


def _style(curve: Curve) -> dict[str, Any]:
    dashes = _DASHES[curve.place // len(PALETTE) % len(_DASHES)]
    return {"color": PALETTE[curve.place % len(PALETTE)], "linestyle": dashes}


def _legend(figure: Any, drawing: Drawing) -> None:
    from matplotlib.lines import Line2D

    seen = {curve.place: curve for panel in drawing.panels for curve in panel.curves}
    handles = [Line2D([], [], label=safe(seen[place].run), **_style(seen[place])) for place in sorted(seen)]
    legend = figure.legend(
        handles=handles, loc="outside lower center", ncols=min(3, len(handles)), frameon=False
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
