"""What sharing costs: push and fetch of many runs, and of nothing new, against plain git."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks._many_runs import repository_of_runs
from benchmarks._measure import Chosen, Comparison, git, in_turns, process, tell

ROUNDS = 5
REFS = "refs/exp/*:refs/exp/*"


def main(chosen: Chosen) -> Iterator[Comparison]:
    """To a remote that has the project, number of runs by number of runs."""
    for runs in chosen.runs:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            repo = repository_of_runs(place / "repo", runs)
            git(repo, "exp", "ls")
            ours = process(repo, "git", "exp", "push", "ours")
            theirs = process(repo, "git", "push", "theirs", REFS)
            pairs = in_turns(ours, theirs, chosen.rounds(ROUNDS), partial(new_remotes, place, repo, repo))
            yield tell("push", "git push", pairs, budget=1.2, runs=runs)
            pairs = in_turns(ours, theirs, chosen.rounds(ROUNDS))
            yield tell("push of nothing new", "git push", pairs, budget=None, runs=runs)
            clones = partial(new_clones, place)
            ours = process(place / "ours", "git", "exp", "fetch")
            theirs = process(place / "theirs", "git", "fetch", "origin", REFS)
            pairs = in_turns(ours, theirs, chosen.rounds(ROUNDS), clones)
            yield tell("fetch", "git fetch", pairs, budget=1.2, runs=runs)
            pairs = in_turns(ours, theirs, chosen.rounds(ROUNDS))
            yield tell("fetch of nothing new", "git fetch", pairs, budget=None, runs=runs)


def new_remotes(place: Path, ours: Path, theirs: Path) -> None:
    """Two remotes `ours` and `theirs` that have only the project, one for each of the repositories.

    Nothing was ever pushed there.
    """
    for repo, name in ((ours, "ours"), (theirs, "theirs")):
        shutil.rmtree(repo / ".git" / "exp" / "outbox", ignore_errors=True)
        remote = place / f"{name}.git"
        shutil.rmtree(remote, ignore_errors=True)
        git(place, "init", "-q", "--bare", remote.name)
        git(repo, "config", f"remote.{name}.url", str(remote))
        git(repo, "push", "-q", name, "main")


def new_clones(place: Path) -> None:
    """A clone of each remote, without runs."""
    for name in ("ours", "theirs"):
        shutil.rmtree(place / name, ignore_errors=True)
        git(place, "clone", "-q", f"{place / name}.git", name)
