"""What a commit waits for: exp-capture with nothing to record, among many runs, and with a new state."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from benchmarks._many_runs import repository_of_runs
from benchmarks._measure import Chosen, Comparison, git, in_turns, python, repository, tell

ROUNDS = 15
FILES = 1000
FLOOR = "bare Python and its git commands"


def main(chosen: Chosen) -> Iterator[Comparison]:
    """The ratios; a commit of documentation first, then one that changes a param."""
    rounds = chosen.rounds(ROUNDS)
    for runs in chosen.runs:
        with tempfile.TemporaryDirectory() as folder:
            repo = repository_of_runs(Path(folder) / "repo", runs)
            capture = python(repo, "-m", "gitexp", "hook", "capture")
            capture()
            pairs = in_turns(capture, _looking(repo), rounds, _editing(repo, "NOTES.md"))
            yield tell("hook capture, nothing to record", FLOOR, pairs, budget=5, runs=runs)
    with tempfile.TemporaryDirectory() as folder:
        repo = repository(Path(folder) / "repo", FILES)
        capture = python(repo, "-m", "gitexp", "hook", "capture")
        edit = _editing(repo, "params.yaml")
        edit()
        capture()
        pairs = in_turns(capture, _recording(repo), rounds, edit)
        yield tell("hook capture, a new state", FLOOR, pairs, budget=5)
        git(repo, "fsck")


def _editing(repo: Path, path: str) -> Callable[[], None]:
    """Stages another content of a file each time."""
    numbers = count()

    def edit() -> None:
        (repo / path).write_text(f"number: {next(numbers)}\n")
        git(repo, "add", path)

    return edit


def _looking(repo: Path) -> Callable[[], None]:
    """Where we are, what is set, what is staged, and which runs there are, by plain git."""
    bare = python(repo, "-c", "pass")
    index = repo / ".git" / "copied-index"
    env = {**os.environ, "GIT_INDEX_FILE": str(index)}

    def look() -> None:
        bare()
        git(repo, "rev-parse", "--show-toplevel", "--git-dir")
        git(repo, "config", "-z", "--list")
        shutil.copy2(repo / ".git" / "index", index)
        git(repo, "write-tree", env=env)
        git(repo, "cat-file", "--batch-check", input=b":params.yaml\nHEAD:params.yaml\n", env=env)
        git(repo, "for-each-ref", "refs/exp/")

    return look


def _recording(repo: Path) -> Callable[[], None]:
    """The same, and a durable write of a run."""
    look = _looking(repo)
    pack = max(
        (repo / ".git/objects/pack").glob("*.pack"), key=lambda path: path.stat().st_mtime
    ).read_bytes()
    head = git(repo, "rev-parse", "HEAD").decode().strip()
    numbers = count()

    def record() -> None:
        look()
        git(repo, "index-pack", "--stdin", "--keep=benchmark", input=pack)
        update = f"create refs/benchmark/{next(numbers)} {head}\n".encode()
        git(repo, "-c", "core.fsync=all", "update-ref", "--stdin", input=update)

    return record
