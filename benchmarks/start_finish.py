"""What start and finish of a run cost among 1,000 files, against the git commands they cannot avoid."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import gitexp
from benchmarks._measure import Chosen, Comparison, git, in_turns, repository, tell

ROUNDS = 21
FILES = 1000


def main(chosen: Chosen) -> Iterator[Comparison]:
    """The ratio, for a clean working tree and for one with a changed and a new file."""
    with tempfile.TemporaryDirectory() as folder:
        for state in ("clean", "dirty"):
            repo = repository(Path(folder) / state, FILES)
            if state == "dirty":
                (repo / "part0" / "module0.py").write_text("VALUE = 'changed'\n")
                (repo / "new.py").write_text("VALUE = 'new'\n")
            pairs = in_turns(partial(_run, repo), git_commands(repo), chosen.rounds(ROUNDS))
            yield tell(f"start + finish, {state}", "its git commands", pairs, budget=2)


def git_commands(repo: Path) -> Callable[[], None]:
    """The same snapshot and two durable writes, by plain git: `add -A`, `write-tree`, packs and refs."""
    with gitexp.start(repository=repo) as run:
        run.log({"loss": 0.5})
    pack = max(
        (repo / ".git/objects/pack").glob("*.pack"), key=lambda path: path.stat().st_mtime
    ).read_bytes()
    head = git(repo, "rev-parse", "HEAD").decode().strip()
    numbers = count()

    def commands() -> None:
        index = repo / ".git" / "copied-index"
        shutil.copy2(repo / ".git" / "index", index)
        env = {**os.environ, "GIT_INDEX_FILE": str(index)}
        git(repo, "add", "-A", env=env)
        git(repo, "write-tree", env=env)
        for _ in ("start", "finish"):
            git(repo, "index-pack", "--stdin", "--keep=benchmark", input=pack)
            update = f"create refs/benchmark/{next(numbers)} {head}\n".encode()
            git(repo, "-c", "core.fsync=all", "update-ref", "--stdin", input=update)

    return commands


def _run(repo: Path) -> None:
    with gitexp.start(repository=repo) as run:
        run.log({"loss": 0.5})
