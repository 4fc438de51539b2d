"""Two things measured in turns, and their ratio."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

QUICK_ROUNDS = 2
QUICK_RUNS = 300


class Chosen(NamedTuple):
    """What the command line asks for."""

    quick: bool
    runs: tuple[int, ...]
    """The numbers of runs to measure with, from small to great."""
    peers: Mapping[str, Path]
    """The `bin` folders of other trackers, by their name; empty where they are not asked for."""

    def rounds(self, usual: int) -> int:
        """How often to measure what is usually measured so often."""
        return QUICK_ROUNDS if self.quick else usual


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing against another, as it was measured."""

    name: str
    against: str
    pairs: tuple[tuple[float, float], ...]
    """What each took, round by round: seconds, or bytes where `mark` is KB."""
    budget: float | None
    """The greatest ratio that is good; None where none was set."""
    unit: float = 1e3
    """How many of what is shown make one second, or one byte."""
    mark: str = "ms"
    """What is shown: ms, us or KB."""
    runs: int | None = None
    """How many runs the repository had, where that matters."""

    @property
    def ratios(self) -> list[float]:
        """From small to great."""
        return sorted(one / other for one, other in self.pairs)

    @property
    def medians(self) -> tuple[float, float]:
        one, other = (statistics.median(column) for column in zip(*self.pairs, strict=True))
        return one, other

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def met(self) -> bool | None:
        return None if self.budget is None else self.ratio <= self.budget


def in_turns(
    one: Callable[[], object],
    other: Callable[[], object],
    rounds: int,
    prepare: Callable[[], object] = lambda: None,
) -> list[tuple[float, float]]:
    """Seconds that each took, round by round, after one round that does not count.

    What `prepare` does before each round is not measured.
    """
    pairs = []
    for _ in range(rounds + 1):
        prepare()
        pairs.append((_seconds(one), _seconds(other)))
    return pairs[1:]


def tell(
    name: str,
    against: str,
    pairs: Iterable[tuple[float, float]],
    *,
    budget: float | None,
    unit: float = 1e3,
    mark: str = "ms",
    runs: int | None = None,
) -> Comparison:
    """The comparison, after its line was printed: the medians of both, median and range of their ratio."""
    told = Comparison(name, against, tuple(pairs), budget, unit, mark, runs)
    own, theirs = (median * unit for median in told.medians)
    print(
        f"  {name}: {own:.2f} {mark}; {against}: {theirs:.2f} {mark}; "
        f"ratio {told.ratio:.3g} ({told.ratios[0]:.3g} to {told.ratios[-1]:.3g})"
        + ("" if budget is None else f", budget {budget:g}"),
        flush=True,
    )
    return told


def repository(folder: Path, files: int) -> Path:
    """A new repository with one commit of so many small files."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    for number in range(files):
        path = folder / f"part{number % 20}" / f"module{number}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"VALUE = {number}\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "files")
    # Files as young as the index would be read again at each `git add`.
    time.sleep(1.1)
    git(folder, "status")
    return folder


def git(folder: Path, *args: str, input: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
    """What git says. Raises CalledProcessError."""
    return subprocess.run(
        ["git", *args], cwd=folder, input=input, env=env, check=True, capture_output=True
    ).stdout


def process(folder: Path, *args: str | Path) -> Callable[[], object]:
    """Runs that command in `folder`, and reads what it prints. Raises CalledProcessError."""
    # Found once: the search is no part of what is measured.
    program = shutil.which(args[0]) or args[0]
    command = [program, *args[1:]]

    def call() -> bytes:
        return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout

    return call


def python(folder: Path, *args: str) -> Callable[[], object]:
    """Runs this Python in `folder`."""
    return process(folder, sys.executable, *args)


def hermetic(home: Path) -> dict[str, str]:
    """An environment in which nobody's settings matter, and where `git exp` is the one that is measured."""
    kept = {
        name: value
        for name, value in os.environ.items()
        # Compiled modules are part of what is installed.
        if not name.startswith(("GIT_", "GITEXP_", "XDG_")) and name != "PYTHONDONTWRITEBYTECODE"
    }
    people = {
        f"GIT_{who}_{what}": "bench@example.org"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    return {
        **kept,
        **people,
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
