"""What archives save: sharing and listing archived runs against plain git on a ref for each run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks._many_runs import repository_of_runs
from benchmarks._measure import Chosen, Comparison, git, in_turns, process, python, tell

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
            ours = place / "ours"
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
    for name, source, spec in (("refs", "plain", REFS), ("archives", "ours", ARCHIVES)):
        theirs = place / source
        ours = process(place / "ours", "git", "exp", "push", "ours")
        remotes = partial(_new_remotes, place, theirs)
        pairs = in_turns(ours, process(theirs, "git", "push", "theirs", spec), rounds, remotes)
        yield tell("push of archives", f"git push of {name}", pairs, budget=None, runs=runs)
        ours = process(place / "cloned-ours", "git", "exp", "fetch")
        fetched = process(place / "cloned-theirs", "git", "fetch", "origin", spec)
        pairs = in_turns(ours, fetched, rounds, partial(_new_clones, place))
        yield tell("fetch of archives", f"git fetch of {name}", pairs, budget=None, runs=runs)
        pairs = in_turns(ours, fetched, rounds)
        yield tell("fetch of nothing new", f"git fetch of {name}", pairs, budget=None, runs=runs)


def _new_remotes(place: Path, theirs: Path) -> None:
    """Two empty remotes that have the project, for each side its own."""
    for repo, name in ((place / "ours", "ours"), (theirs, "theirs")):
        remote = place / f"{name}.git"
        shutil.rmtree(remote, ignore_errors=True)
        git(place, "init", "-q", "--bare", remote.name)
        git(repo, "config", f"remote.{name}.url", str(remote))
        git(repo, "push", "-q", name, "main")


def _new_clones(place: Path) -> None:
    """A clone of each remote, without runs."""
    for name in ("ours", "theirs"):
        shutil.rmtree(place / f"cloned-{name}", ignore_errors=True)
        git(place, "clone", "-q", f"{place / name}.git", f"cloned-{name}")
