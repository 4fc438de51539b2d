"""Curves as one HTML page that needs nothing but itself: plotly.js is in it, and may not load anything."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from string import Template
from typing import Any

from gitexp.cli.render.plot_image import PALETTE
from gitexp.cli.render.values import metric_text
from gitexp.cli.safe_text import safe
from gitexp.ops.curves import Curve, Drawing, Gapped, Panel, thinned

MOST = 4000
"""Points of a curve; of longer ones the least and the greatest of each stretch are kept."""
_DASHES = ("solid", "dash", "dot", "dashdot")
_AXIS_NAMES = {"step": "step", "time": "time (UTC)", "relative": "seconds since the start"}

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'; img-src data: blob:; form-action 'none'; base-uri 'none'">
<title>$title</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; \
color: #222; background: #fff }
h1 { font-size: 1.3em } h2 { font-size: 1.1em; margin: 2em 0 0; overflow-wrap: anywhere }
.plot { height: 380px }
table { border-collapse: collapse } td, th { padding: .15em .8em; text-align: right }
td:first-child, th:first-child { text-align: left }
summary { cursor: pointer }
</style>
</head>
<body>
<h1>$title</h1>
<noscript><p>Without scripts there are the tables only.</p></noscript>
$panels
$notes
<script>$library</script>
<script type="application/json" id="data">$data</script>
<script>
for (const one of JSON.parse(document.getElementById("data").textContent))
  Plotly.newPlot(one.id, one.data, one.layout, {responsive: true, displaylogo: false, \
showSendToCloud: false, modeBarButtonsToRemove: ["select2d", "lasso2d"]});
</script>
</body>
</html>
""")

_PANEL = Template("""<h2 id="$name-title">$metric</h2>
<div class="plot" id="$name" role="img" aria-labelledby="$name-title"></div>
<details><summary>as a table</summary>
<table>
<tr><th>run</th><th>points</th><th>last</th><th>least</th><th>greatest</th></tr>
$rows
</table>
</details>""")


def plot_page(drawing: Drawing) -> bytes:
    """The bytes of an HTML file. Raises ImportError where there is no plotly."""
    from plotly.offline import get_plotlyjs

    title = ", ".join(drawing.runs[:4]) + (
        f" and {len(drawing.runs) - 4} more" if len(drawing.runs) > 4 else ""
    )
    figures = [_figure(f"plot{place}", panel, drawing) for place, panel in enumerate(drawing.panels)]
    page = _PAGE.substitute(
        title=_text(title),
        notes="\n".join(f"<p>{_text(note)}</p>" for note in _notes(drawing)),
        panels="\n".join(_section(f"plot{place}", panel) for place, panel in enumerate(drawing.panels)),
        library=get_plotlyjs(),
        data=json.dumps(figures, allow_nan=False, separators=(",", ":")),
    )
    return page.encode("utf-8", "backslashreplace")


def _notes(drawing: Drawing) -> Iterator[str]:
    yield from drawing.notices
    if any(len(curve.xs) > MOST for panel in drawing.panels for curve in panel.curves):
        yield f"Of curves with more than {MOST} points the least and the greatest of each stretch are drawn."


def _figure(name: str, panel: Panel, drawing: Drawing) -> dict[str, Any]:
    return {
        "id": name,
        "data": [trace for curve in panel.curves for trace in _traces(curve, drawing)],
        "layout": {
            "margin": {"l": 60, "r": 20, "t": 20, "b": 50},
            "hovermode": "x unified",
            "showlegend": True,
            "legend": {"orientation": "h", "y": -0.2},
            "xaxis": {
                "title": {"text": _AXIS_NAMES[drawing.axis]},
                "type": "date" if drawing.axis == "time" else "linear",
            },
            "yaxis": {"type": "log" if drawing.log_y else "linear", "exponentformat": "e"},
        },
    }


def _traces(curve: Curve, drawing: Drawing) -> Iterator[dict[str, Any]]:
    if curve.smooth is not None:
        yield {
            **_trace(curve, curve.ys, drawing, 1),
            "opacity": 0.25,
            "showlegend": False,
            "hoverinfo": "skip",
        }
    yield _trace(curve, curve.shown, drawing, 2)


def _trace(curve: Curve, heights: Gapped, drawing: Drawing, width: float) -> dict[str, Any]:
    xs, ys = thinned(curve.xs, heights, MOST)
    dash = _DASHES[curve.place // len(PALETTE) % len(_DASHES)]
    return {
        "type": "scatter",
        # A point that stands alone has no line.
        "mode": "lines+markers" if len(ys) < 100 or None in ys else "lines",
        # plotly.js reads some HTML in it, and without "<" the data cannot end its element.
        "name": _text(curve.run),
        "legendgroup": str(curve.place),
        "x": [x * 1000 for x in xs] if drawing.axis == "time" else xs,
        "y": ys,
        "line": {"color": PALETTE[curve.place % len(PALETTE)], "dash": dash, "width": width},
        "marker": {"size": 4},
    }


def _section(name: str, panel: Panel) -> str:
    rows = "\n".join(_row(curve) for curve in panel.curves)
    return _PANEL.substitute(name=name, metric=_text(panel.metric), rows=rows)


def _row(curve: Curve) -> str:
    numbers = [y for y in curve.ys if y is not None]
    told = [numbers[-1], min(numbers), max(numbers)]
    cells = [curve.run, str(len(numbers)), *(metric_text(number) for number in told)]
    return f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in cells)}</tr>"


def _text(text: str) -> str:
    return html.escape(safe(text))
