"""What starting costs: `import gitexp`, `git exp --version`, `git exp run -- true`; against bare Python."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks._measure import Chosen, Comparison, git, in_turns, python, repository, tell
from benchmarks.start_finish import git_commands

ROUNDS = 15


def main(chosen: Chosen) -> Iterator[Comparison]:
    """The ratios."""
    rounds = chosen.rounds(ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        repo = repository(Path(folder) / "repo", 1000)
        bare = python(repo, "-c", "pass")
        for name, ours, budget in (
            ("git exp --version", python(repo, "-m", "gitexp", "--version"), 3),
            ("import gitexp", python(repo, "-c", "import gitexp"), 3),
            ("import gitexp with start()", python(repo, "-c", "import gitexp; gitexp.start"), 6),
        ):
            yield tell(name, "python -c pass", in_turns(ours, bare, rounds), budget=budget)
        needed = git_commands(repo)

        def floor() -> None:
            for _ in range(6):
                bare()
            needed()

        run = python(repo, "-m", "gitexp", "run", "-q", "--", "true")
        pairs = in_turns(run, floor, rounds)
        yield tell("git exp run -- true", "6 bare Pythons and the git commands", pairs, budget=1)
        git(repo, "fsck")
