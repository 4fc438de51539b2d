"""What `log()` of five metrics costs, against appending one JSON line to an open file."""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gitexp.capture.journal import Writer

ROUNDS = 31
CALLS = 2000
NAMES = ("train/loss", "train/accuracy", "lr", "grad_norm", "tokens_per_second")


def main() -> None:
    """Prints the ratio of the two, measured in turns: the median of the rounds, and their range."""
    values = [dict(zip(NAMES, [random.random() for _ in NAMES], strict=True)) for _ in range(CALLS)]
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(Path(folder, "journal"), {})
        with Path(folder, "lines.jsonl").open("a") as file:

            def ours(step: int, row: dict[str, float]) -> None:
                writer.metrics(time.time(), step, row)

            def line(step: int, row: dict[str, float]) -> None:
                file.write(json.dumps({"time": time.time(), "step": step, **row}) + "\n")
                file.flush()

            pairs = [(_microseconds(ours, values), _microseconds(line, values)) for _ in range(ROUNDS)]
        writer.close()
    ratios = sorted(one / other for one, other in pairs)
    own, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"log() of five metrics: {own:.1f} us, a JSON line: {other:.1f} us, "
        f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), budget 3"
    )


def _microseconds(log: Callable[[int, dict[str, float]], None], values: list[dict[str, float]]) -> float:
    """Per call."""
    start = time.perf_counter()
    for step, row in enumerate(values):
        log(step, row)
    return (time.perf_counter() - start) / len(values) * 1e6


if __name__ == "__main__":
    main()
