"""Curves drawn in the terminal: plotille puts lines into braille dots, axes and legend are ours."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_letters

from gitexp.cli.render import ticks
from gitexp.cli.render.paint import Paint
from gitexp.cli.render.values import cut
from gitexp.cli.safe_text import safe
from gitexp.ops.curves import Curve, Drawing, Panel, thinned

_STYLES = ("cyan", "yellow", "magenta", "green", "red")
_BLANKS = " \u2800"
_AXES = {False: ("│", "┤", "└", "─", "┬"), True: ("|", "+", "+", "-", "+")}
_LINE = {False: "──", True: "--"}
_AXIS_NAMES = {"step": "step", "time": "time (UTC)", "relative": "time since the start"}
_LEAST = 4


@dataclass(frozen=True, slots=True)
class Paper:
    """What is drawn on."""

    width: int
    height: int
    """Lines of one panel, its title and the axis below included."""
    colour: bool
    ascii_only: bool


def terminal_plot(drawing: Drawing, paper: Paper) -> list[str]:
    """The lines of all panels, below a legend. Curves that colours cannot tell apart are drawn as letters."""
    pen = _Pen(len(drawing.runs), paper)
    lines = list(pen.legend(drawing.runs))
    for panel in drawing.panels:
        lines += ["", *_panel(panel, drawing, paper, pen)]
    return lines


class _Pen:
    """How a run's curve looks."""

    def __init__(self, runs: int, paper: Paper) -> None:
        self._paint = Paint(paper.colour)
        self._ascii = paper.ascii_only
        self.letters = runs > (len(_STYLES) if paper.colour else 1)
        self._single = runs == 1

    def legend(self, runs: Sequence[str]) -> Iterator[str]:
        for place, run in enumerate(runs):
            yield f"{self.stroke(place, self._sign(place) or _LINE[self._ascii])} {safe(run)}"

    def cell(self, place: int, dots: str) -> str:
        sign = self._sign(place) or ("*" if self._ascii else dots)
        return self.stroke(place, sign)

    def stroke(self, place: int, text: str) -> str:
        return self._paint(_STYLES[place % len(_STYLES)], text)

    def title(self, text: str) -> str:
        return self._paint("bold", text)

    def _sign(self, place: int) -> str:
        if self.letters or (self._ascii and not self._single):
            return ascii_letters[place % len(ascii_letters)]
        return ""


@dataclass(frozen=True, slots=True)
class _Scale:
    """Numbers from `low` to `high` spread over `dots` places."""

    low: float
    high: float
    dots: int

    def place(self, number: float) -> int:
        # Halved first: the span of two finite numbers can be infinite.
        share = (number / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return round(min(1.0, max(0.0, share)) * (self.dots - 1))


def _panel(panel: Panel, drawing: Drawing, paper: Paper, pen: _Pen) -> Iterator[str]:
    curves = [(curve, _logged(curve.shown) if drawing.log_y else curve.shown) for curve in panel.curves]
    xs = _limits([x for curve, _ in curves for x in curve.xs])
    ys = _limits([y for _, heights in curves for y in heights if y is not None])
    rows = max(_LEAST, paper.height - 3)
    find = ticks.powers_of_ten if drawing.log_y else ticks.round_numbers
    marks = find(*ys, max(3, rows // 2))
    texts = ticks.labels([10.0**mark for mark in marks] if drawing.log_y else marks)
    margin = max(map(len, texts))
    across = _Scale(*xs, max(10, paper.width - margin - 2) * 2)
    up = _Scale(*ys, rows * 4)
    at = {rows - 1 - up.place(mark) // 4: text for mark, text in zip(marks, texts, strict=True)}
    bar, tick, *below = _AXES[paper.ascii_only]
    axis = _AXIS_NAMES[drawing.axis]
    yield f"{pen.title(cut(safe(panel.metric), max(10, paper.width - len(axis) - 4)))} by {axis}"
    for row, line in enumerate(_picture(curves, across, up, pen)):
        yield f"{at.get(row, ''):>{margin}} {tick if row in at else bar}{line}"
    yield from _x_axis(across, drawing.axis, margin, below)


def _picture(
    curves: Sequence[tuple[Curve, Sequence[float | None]]], across: _Scale, up: _Scale, pen: _Pen
) -> Iterator[str]:
    layers = [(curve.place, _dots(curve, heights, across, up)) for curve, heights in curves]
    for row in range(up.dots // 4):
        line = ""
        for column in range(across.dots // 2):
            drawn = [(place, dots[row][column]) for place, dots in layers if dots[row][column] not in _BLANKS]
            line += pen.cell(drawn[-1][0], _together([cell for _, cell in drawn])) if drawn else " "
        yield line.rstrip()


def _dots(curve: Curve, heights: Sequence[float | None], across: _Scale, up: _Scale) -> list[str]:
    """One curve alone, as lines of braille."""
    from plotille import Canvas

    width, height = across.dots // 2, up.dots // 4
    canvas = Canvas(width, height, 0, 0, across.dots, up.dots)
    before: tuple[int, int] | None = None
    for x, y in zip(*thinned(curve.xs, tuple(heights), 4 * across.dots), strict=True):
        point = None if y is None else (across.place(x), up.place(y))
        if point is not None:
            canvas.line(*(before or point), *point)
        before = point
    drawn: str = canvas.plot(linesep="\n")
    return drawn.split("\n")


def _together(cells: Sequence[str]) -> str:
    """Several braille characters as one with the dots of all."""
    bits = 0
    for cell in cells:
        bits |= ord(cell) - 0x2800
    return chr(0x2800 + bits)


def _x_axis(across: _Scale, axis: str, margin: int, signs: Sequence[str]) -> Iterator[str]:
    corner, flat, tick = signs
    width = across.dots // 2
    marks = ticks.round_numbers(across.low, across.high, max(2, width // 14))
    texts = {"step": ticks.labels, "time": ticks.moment_labels, "relative": ticks.duration_labels}[axis](
        marks
    )
    line, told = [flat] * width, ""
    for mark, text in zip(marks, texts, strict=True):
        column = across.place(mark) // 2
        line[column] = tick
        start = min(max(0, column - len(text) // 2), width - len(text))
        if start >= len(told) + bool(told):
            told = told.ljust(start) + text
    yield " " * (margin + 1) + corner + "".join(line)
    yield " " * (margin + 2) + told


def _limits(numbers: Sequence[float]) -> tuple[float, float]:
    low, high = min(numbers), max(numbers)
    if low < high:
        return low, high
    room = abs(low) / 20 or 0.5
    return max(low - room, -sys.float_info.max), min(high + room, sys.float_info.max)


def _logged(heights: Sequence[float | None]) -> tuple[float | None, ...]:
    return tuple(None if y is None else math.log10(y) for y in heights)
