"""What archives save: sharing and listing archived runs against plain git on a ref for each run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks._many_runs import repository_of_runs
from benchmarks._measure import Chosen, Comparison, git, in_turns, process, python, tell
from benchmarks.share import new_clones, new_remotes

ROUNDS, FEW_ROUNDS = 3, 1
REFS = "refs/exp/*:refs/exp/*"
ARCHIVES = "refs/exp-archive/*:refs/exp-archive/*"


def main(chosen: Chosen) -> Iterator[Comparison]:
    """Number of runs by number of runs: all of them archived on our side, and with refs on the other."""
    for runs in chosen.runs:
        rounds = chosen.rounds(ROUNDS if runs <= 10_000 else FEW_ROUNDS)
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            plain = repository_of_runs(place / "plain", runs)
            ours = place / "archived"
            shutil.copytree(plain, ours)
            git(ours, "exp", "archive", "--keep", "0")
            git(ours, "exp", "ls")
            yield from _listing(ours, plain, runs, rounds)
            yield from _sharing(place, runs, rounds)


def _listing(ours: Path, plain: Path, runs: int, rounds: int) -> Iterator[Comparison]:
    refs, bare = process(plain, "git", "for-each-ref", "refs/exp"), python(plain, "-c", "pass")

    def floor() -> None:
        refs()
        bare()

    listing = process(ours, "git", "exp", "ls")
    pairs = in_turns(listing, floor, rounds)
    against = "for-each-ref of their refs and bare Python"
    yield tell("ls of archived runs", against, pairs, budget=None, runs=runs)


def _sharing(place: Path, runs: int, rounds: int) -> Iterator[Comparison]:
    """Each against plain git, with a ref for each run and with archives."""
    for name, source, spec in (("refs", "plain", REFS), ("archives", "archived", ARCHIVES)):
        theirs = place / source
        ours = process(place / "archived", "git", "exp", "push", "ours")
        remotes = partial(new_remotes, place, place / "archived", theirs)
        pairs = in_turns(ours, process(theirs, "git", "push", "theirs", spec), rounds, remotes)
        yield tell("push of archives", f"git push of {name}", pairs, budget=None, runs=runs)
        ours = process(place / "ours", "git", "exp", "fetch")
        fetched = process(place / "theirs", "git", "fetch", "origin", spec)
        pairs = in_turns(ours, fetched, rounds, partial(new_clones, place))
        yield tell("fetch of archives", f"git fetch of {name}", pairs, budget=None, runs=runs)
        pairs = in_turns(ours, fetched, rounds)
        yield tell("fetch of nothing new", f"git fetch of {name}", pairs, budget=None, runs=runs)
