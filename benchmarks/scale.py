"""What looking costs among many runs: index, listing, one run, frames, disk; and against other trackers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

from benchmarks import _disk, _dvc, _frames, _mlflow
from benchmarks._many_runs import SWEEP, add_runs, repository_of_runs, run_name
from benchmarks._measure import Chosen, Comparison, git, in_turns, process, python, tell

ROUNDS = 11
SLOW_ROUNDS = 5
SLOWEST_ROUNDS = 2
QUERY = "params.lr < 1e-3 and metrics.acc.max > .9"
NEW = 10
"""Runs that are there since the last look, in a refresh."""


class Case(NamedTuple):
    """What is measured against what."""

    name: str
    ours: Callable[[], object]
    against: str
    theirs: Callable[[], object]
    budget: float | None = None
    prepare: Callable[[], object] = lambda: None
    slow: bool = False


def main(chosen: Chosen) -> Iterator[Comparison]:
    """All comparisons, number of runs by number of runs; then the other trackers."""
    for runs in chosen.runs:
        with tempfile.TemporaryDirectory() as folder:
            repo = repository_of_runs(Path(folder) / "repo", runs)
            for case in _looks(repo):
                yield _measured(case, runs, chosen)
            for case in _fills(repo, runs):
                yield _measured(case, runs, chosen)
            yield from _disk.measure(repo, runs)
    yield from _frames.measure(chosen)
    if "dvc" in chosen.peers:
        yield from _dvc.measure(chosen)
    if "mlflow" in chosen.peers:
        yield from _mlflow.measure(chosen)


def _measured(case: Case, runs: int, chosen: Chosen) -> Comparison:
    usual = ROUNDS if not case.slow else SLOW_ROUNDS if runs <= 10_000 else SLOWEST_ROUNDS
    pairs = in_turns(case.ours, case.theirs, chosen.rounds(usual), case.prepare)
    return tell(case.name, case.against, pairs, budget=case.budget, runs=runs)


def _looks(repo: Path) -> Iterator[Case]:
    """With an index that is up to date."""
    python(repo, "-m", "gitexp", "ls")()
    one, other = run_name(0), run_name(SWEEP + 1)
    listed, single = _listing_floor(repo), _single_floor(repo, one)
    refs, ref = "for-each-ref and bare Python", "rev-parse and bare Python"
    yield Case("ls", _exp(repo, "ls"), refs, listed, budget=2.5)
    yield Case("ls QUERY", _exp(repo, "ls", QUERY), refs, listed)
    yield Case("ls --json", _exp(repo, "ls", "--json"), refs, listed)
    yield Case("show", _exp(repo, "show", one), ref, single)
    yield Case("diff", _exp(repo, "diff", one, other), ref, single)
    yield Case("lineage", _exp(repo, "lineage", one), refs, listed)
    names = process(repo, "git", "for-each-ref", "--format=%(refname:lstrip=2)", "refs/exp/sweep-1-*")
    yield Case("completion", names, "rev-parse", process(repo, "git", "rev-parse", f"refs/exp/{one}"))


def _fills(repo: Path, runs: int) -> Iterator[Case]:
    """With an index that lacks all runs, and one that lacks a few; the latter adds them."""
    listing = _exp(repo, "ls")
    blobs = _record_blobs(repo)

    def forget() -> None:
        for path in (repo / ".git" / "exp").glob("index.sqlite*"):
            path.unlink()

    def read() -> None:
        git(repo, "cat-file", "--batch", input=blobs)

    yield Case("index of all runs", listing, "cat-file --batch", read, 4, forget, slow=True)
    numbers = count(runs, NEW)

    def add() -> None:
        add_runs(repo, next(numbers), NEW)

    against = "for-each-ref and bare Python"
    yield Case(f"refresh, {NEW} new runs", listing, against, _listing_floor(repo), None, add, slow=True)


def _exp(repo: Path, *args: str) -> Callable[[], object]:
    return process(repo, "git", "exp", *args)


def _listing_floor(repo: Path) -> Callable[[], object]:
    """What no listing by a Python program can do without."""
    return _both(process(repo, "git", "for-each-ref", "refs/exp"), python(repo, "-c", "pass"))


def _single_floor(repo: Path, name: str) -> Callable[[], object]:
    """What no look at one run by a Python program can do without."""
    return _both(process(repo, "git", "rev-parse", f"refs/exp/{name}"), python(repo, "-c", "pass"))


def _both(first: Callable[[], object], second: Callable[[], object]) -> Callable[[], object]:
    def call() -> None:
        first()
        second()

    return call


def _record_blobs(repo: Path) -> bytes:
    """The id of every distinct blob of the records, a line each."""
    listed = git(repo, "rev-list", "--objects", "--glob=refs/exp/*").splitlines()
    below = b"\n".join(line for line in listed if b" .exp/" in line)
    typed = git(repo, "cat-file", "--batch-check=%(objecttype) %(objectname)", input=_ids(below))
    return b"".join(line[5:] + b"\n" for line in typed.splitlines() if line.startswith(b"blob "))


def _ids(objects: bytes) -> bytes:
    return b"".join(line.partition(b" ")[0] + b"\n" for line in objects.splitlines())
