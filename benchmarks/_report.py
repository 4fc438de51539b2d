"""What all benchmarks of one call measured: as a table, as growth, and as JSON."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._measure import Comparison

GROWTH = {
    "index of all runs": 1.1,
    "ls": 1.1,
    "ls QUERY": 1.1,
    "ls --json": 1.1,
    "show": 0.2,
    "diff": 0.2,
    "completion": 0.2,
}
"""Name -> the greatest exponent of the number of runs that its cost may grow with."""


def table(told: Sequence[Comparison]) -> str:
    """A line for each comparison: both medians, their ratio, its range, and whether the budget is met."""
    head = ("what", "runs", "ours", "against", "theirs", "ratio", "range", "budget", "")
    return _columns([head, *(_cells(one) for one in told)])


def growth(told: Sequence[Comparison]) -> str:
    """Seconds by number of runs, and the exponent that they grow with; empty with one number of runs."""
    medians = _by_runs(told)
    numbers = sorted({runs for seconds in medians.values() for runs in seconds})
    if len(numbers) < 2:
        return ""
    head = ("what", *(f"{runs:,}" for runs in numbers), "exponent", "at most", "")
    lines = [
        (
            name,
            *(f"{seconds[runs]:.3f} s" for runs in numbers),
            f"{_exponent(seconds):.2f}",
            f"{GROWTH[name]:g}" if name in GROWTH else "",
            _verdict(_exponent(seconds) <= GROWTH[name] if name in GROWTH else None),
        )
        for name, seconds in medians.items()
        if len(seconds) == len(numbers)
    ]
    return _columns([head, *lines])


def write_json(path: Path, told: Sequence[Comparison], peers: Sequence[str]) -> None:
    """Everything that was measured, and on what."""
    value = {
        "machine": {
            "cores": os.cpu_count(),
            "git": subprocess.check_output(["git", "--version"], text=True).split()[2],
            "peers": list(peers),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "comparisons": [_value(one) for one in told],
        "growth": {name: _exponent(seconds) for name, seconds in _by_runs(told).items() if len(seconds) > 1},
    }
    path.write_text(json.dumps(value, indent=2) + "\n")


def _by_runs(told: Sequence[Comparison]) -> dict[str, dict[int, float]]:
    """Name -> number of runs -> seconds, of those that were measured in seconds."""
    medians: dict[str, dict[int, float]] = defaultdict(dict)
    for one in told:
        if one.runs is not None and one.mark == "ms":
            medians[one.name][one.runs] = one.medians[0]
    return {name: seconds for name, seconds in medians.items() if len(seconds) > 1}


def _exponent(seconds: dict[int, float]) -> float:
    """Between the two greatest numbers of runs."""
    small, great = sorted(seconds)[-2:]
    return math.log(seconds[great] / seconds[small]) / math.log(great / small)


def _cells(one: Comparison) -> tuple[str, ...]:
    own, theirs = (f"{median * one.unit:,.2f} {one.mark}" for median in one.medians)
    return (
        one.name,
        "" if one.runs is None else f"{one.runs:,}",
        own,
        one.against,
        theirs,
        f"{one.ratio:.3g}",
        f"{one.ratios[0]:.3g} to {one.ratios[-1]:.3g}",
        "" if one.budget is None else f"{one.budget:g}",
        _verdict(one.met),
    )


def _value(one: Comparison) -> dict[str, Any]:
    ours, theirs = zip(*one.pairs, strict=True)
    return {
        "name": one.name,
        "runs": one.runs,
        "against": one.against,
        "unit": "s" if one.mark in ("ms", "us") else "B",
        "ours": ours,
        "theirs": theirs,
        "ratio": one.ratio,
        "budget": one.budget,
        "met": one.met,
    }


def _verdict(met: bool | None) -> str:
    return {None: "", True: "met", False: "MISSED"}[met]


def _columns(lines: Sequence[Sequence[str]]) -> str:
    """Left the words, right the numbers."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    words = {at for at, cell in enumerate(lines[0]) if cell in ("what", "against", "")}
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at in words else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
