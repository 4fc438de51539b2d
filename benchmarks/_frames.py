"""What it costs to have the values of many runs in Python."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import gitexp
from benchmarks._many_runs import Shape, repository_of_runs
from benchmarks._measure import QUICK_RUNS, Chosen, Comparison, in_turns, tell

ROUNDS = 11
RUNS = 1_000
WIDE = Shape(more=37)
"""Fifty columns: 47 params and 3 metrics."""


def measure(chosen: Chosen) -> Iterator[Comparison]:
    """1,000 runs of fifty columns, against one second."""
    runs = QUICK_RUNS if chosen.quick else RUNS
    with tempfile.TemporaryDirectory() as folder:
        repo = repository_of_runs(Path(folder) / "repo", runs, WIDE)
        for name, read in reads(repo).items():
            # One second, and not something measured: it is what a person waits without a thought.
            pairs = [(own, 1.0) for own, _ in in_turns(read, _nothing, chosen.rounds(ROUNDS))]
            yield tell(f"{name}, 50 columns", "1 s", pairs, budget=1, runs=runs)


def reads(repo: Path) -> dict[str, Callable[[], object]]:
    """Ways to have the values of all runs in this process."""
    ways: dict[str, Callable[[], object]] = {
        "gitexp.runs()": lambda: [(run.params, run.metrics) for run in gitexp.runs(repository=repo)]
    }
    found = gitexp.runs(repository=repo)
    if hasattr(found, "to_pandas") and find_spec("pandas"):
        ways["gitexp.runs().to_pandas()"] = lambda: gitexp.runs(repository=repo).to_pandas()
    return ways


def _nothing() -> None:
    pass
