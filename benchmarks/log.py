"""What `run.log()` of five metrics costs, against appending one JSON line to an open file."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import gitexp
from benchmarks._measure import Chosen, Comparison, in_turns, repository, tell

ROUNDS = 31
CALLS = 2000
NAMES = ("train/loss", "train/accuracy", "lr", "grad_norm", "tokens_per_second")


def main(chosen: Chosen) -> Iterator[Comparison]:
    """The ratio of the two."""
    rows = [dict(zip(NAMES, [random.random() for _ in NAMES], strict=True)) for _ in range(CALLS)]
    with tempfile.TemporaryDirectory() as folder:
        repo = repository(Path(folder) / "repo", 1)
        with gitexp.start(repository=repo) as run, Path(folder, "lines.jsonl").open("a") as file:

            def ours() -> None:
                for step, row in enumerate(rows):
                    run.log(row, step)

            def lines() -> None:
                for step, row in enumerate(rows):
                    file.write(json.dumps({"time": time.time(), "step": step, **row}) + "\n")
                    file.flush()

            pairs = in_turns(ours, lines, chosen.rounds(ROUNDS))
    per_call = 1e6 / CALLS
    yield tell("run.log() of five metrics", "a JSON line", pairs, budget=3, unit=per_call, mark="us")
