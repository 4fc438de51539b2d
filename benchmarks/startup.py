"""What starting costs: `import gitexp`, `git exp --version`, `git exp run -- true`; against bare Python."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks._measure import git, in_turns, repository, tell
from benchmarks.start_finish import git_commands

ROUNDS = 15


def main() -> None:
    """Prints the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        repo = repository(Path(folder) / "repo", 1000)
        bare = _command(repo, "-c", "pass")
        tell("git exp --version", "python -c pass", in_turns(_exp(repo, "--version"), bare, ROUNDS), budget=3)
        pairs = in_turns(_command(repo, "-c", "import gitexp"), bare, ROUNDS)
        tell("import gitexp", "python -c pass", pairs, budget=3)
        start = _command(repo, "-c", "import gitexp; gitexp.start")
        tell("import gitexp with start()", "python -c pass", in_turns(start, bare, ROUNDS), budget=6)
        needed = git_commands(repo)

        def floor() -> None:
            for _ in range(6):
                bare()
            needed()

        run = _exp(repo, "run", "-q", "--", "true")
        tell(
            "git exp run -- true",
            "6 bare Pythons and the git commands",
            in_turns(run, floor, ROUNDS),
            budget=1,
        )
        git(repo, "fsck")


def _command(repo: Path, *args: str) -> Callable[[], None]:
    # As it is installed: with compiled modules.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def command() -> None:
        subprocess.run([sys.executable, *args], cwd=repo, env=environ, check=True, capture_output=True)

    return command


def _exp(repo: Path, *args: str) -> Callable[[], None]:
    return _command(repo, "-m", "gitexp", *args)


if __name__ == "__main__":
    main()
