"""Two things measured in turns, and their ratio printed."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path


def in_turns(one: Callable[[], None], other: Callable[[], None], rounds: int) -> list[tuple[float, float]]:
    """Seconds that each took, round by round, after one round that does not count."""
    return [(_seconds(one), _seconds(other)) for _ in range(rounds + 1)][1:]


def tell(
    name: str,
    against: str,
    pairs: list[tuple[float, float]],
    *,
    budget: float,
    unit: float = 1e3,
    mark: str = "ms",
) -> None:
    """Print the medians of both, and the median and range of their ratio."""
    ratios = sorted(one / other for one, other in pairs)
    own, theirs = (statistics.median(column) * unit for column in zip(*pairs, strict=True))
    print(
        f"  {name}: {own:.2f} {mark}; {against}: {theirs:.2f} {mark}; "
        f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), budget {budget:g}"
    )


def repository(folder: Path, files: int) -> Path:
    """A new repository with one commit of so many small files."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    for number in range(files):
        path = folder / f"part{number % 20}" / f"module{number}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"VALUE = {number}\n")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "files")
    # Files as young as the index would be read again at each `git add`.
    time.sleep(1.1)
    git(folder, "status")
    return folder


def git(folder: Path, *args: str, input: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
    """What git says. Raises CalledProcessError."""
    return subprocess.run(
        ["git", *args], cwd=folder, input=input, env=env, check=True, capture_output=True
    ).stdout


def _seconds(action: Callable[[], None]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
