"""What it costs a program that its reads are noted: the start of a Python, `open`, and the end of a run."""

from __future__ import annotations

import _io
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks._measure import Chosen, Comparison, git, in_turns, python, repository, tell
from gitexp.capture.shim import _gitexp_observe
from gitexp.capture.tracing import observed_environment

ROUNDS = 15
SHORT_ROUNDS = 301
CALLS = 100
"""In a round: so few that hardly anything comes in between."""
FILES = 1000
MOST_AT_START = 0.015
"""Seconds more that a Python may take to start."""
MOST_AT_OPEN = 0.5e-6
"""Seconds more that one `open` may take."""


def main(chosen: Chosen) -> Iterator[Comparison]:
    """The ratios."""
    rounds = chosen.rounds(ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        yield from _starting(Path(folder), rounds)
        yield from _opening(Path(folder), chosen.rounds(SHORT_ROUNDS))
        yield _ending(Path(folder) / "repo", rounds)


def _starting(folder: Path, rounds: int) -> Iterator[Comparison]:
    (folder / "told").mkdir()
    bare = _python(os.environ)
    pairs = in_turns(_python(observed_environment(os.environ, folder / "told")), bare, rounds)
    yield tell("python -c pass, observed", "python -c pass", pairs, budget=None)
    allowed = [(one, other + MOST_AT_START) for one, other in pairs]
    yield tell("python -c pass, observed", "python -c pass and 15 ms", allowed, budget=1)


def _python(environ: Mapping[str, str]) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, "-c", "pass"], env=environ, check=True)


def _opening(folder: Path, rounds: int) -> Iterator[Comparison]:
    per_call = 1e6 / CALLS
    path = str(folder / "file")
    Path(path).touch()
    reports = folder / "opening"
    reports.mkdir()
    _gitexp_observe.add(str(reports))
    try:
        observed = open
        for what, file, mode in (
            ("text", path, "r"),
            ("bytes", path, "rb"),
            ("text of a Path", Path(path), "r"),
            ("bytes of a Path", Path(path), "rb"),
        ):
            pairs = in_turns(_opener(observed, file, mode), _opener(_io.open, file, mode), rounds)
            name = f"open() of a file again, {what}, observed"
            yield tell(name, "open()", pairs, budget=None, unit=per_call, mark="us")
            allowed = [(one, other + CALLS * MOST_AT_OPEN) for one, other in pairs]
            yield tell(name, "open() and 0.5 us", allowed, budget=1, unit=per_call, mark="us")
    finally:
        _gitexp_observe.remove(str(reports))


def _opener(function: Callable[..., object], path: str | Path, mode: str) -> Callable[[], object]:
    def act() -> None:
        for _ in range(CALLS):
            function(path, mode).close()  # type: ignore[attr-defined]

    return act


def _ending(folder: Path, rounds: int) -> Comparison:
    """A run that reads many files, none of which was hashed before."""
    repo = repository(folder, FILES)
    code = "import pathlib; [one.read_bytes() for one in pathlib.Path().glob('part*/*')]"
    for path in repo.glob("part*/*.py"):
        path.rename(path.with_suffix(".txt"))
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "data")
    command = ("-m", "gitexp", "run", "-q", "--trace")
    ours = python(repo, *command, "open", "--", sys.executable, "-c", code)
    pairs = in_turns(ours, python(repo, *command, "off", "--", sys.executable, "-c", code), rounds)
    return tell(
        f"git exp run of a program that reads {FILES:,} files", "the same, --trace=off", pairs, budget=None
    )
