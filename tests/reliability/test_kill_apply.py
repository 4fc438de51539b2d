"""SIGKILL in the midst of apply and of undo: the next command finds it, and nothing in between stays."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from gitexp.cli.boundary import run
from gitexp.ops.undo import history
from tests.gitrepo import Repo
from tests.ops.recorded import open_here, record
from tests.reliability.checks import locks, next_command
from tests.reliability.test_kill_changes import killed
from tests.worktree import aside_from_files, walk

ROOT = Path(__file__).parents[2]


@pytest.fixture
def old(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run that differs from the working tree by every kind of change, and params and an artifact."""
    monkeypatch.chdir(repo.path)
    repo.commit("more", {"swap": "a file\n", "turn/x": "1\n", "turn/y/z": "2\n", "gone/deep/er": "3\n"})
    (repo.path / "swap").unlink()
    repo.write("swap/inner", "now a folder\n")
    repo.write("train.py", "as it was\n").chmod(0o755)
    repo.write("new ü/a b", "new\n")
    (repo.path / "link").symlink_to("train.py")
    repo.git("rm", "-rqf", "turn", "gone")
    repo.write("turn", "now a file\n")
    name = record("old")
    repo.git("reset", "-q", "--hard")
    repo.git("clean", "-fdq")
    (repo.path / "gone").chmod(0o700)
    repo.write("mine.txt", "untracked")
    return name


def die(repo: Repo, step: int | str, *arguments: str) -> int:
    """How many steps the command took, 0 where it died at `step`."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.reliability.dying", str(step), *arguments],
        cwd=repo.path,
        env={**repo.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return int(done.stderr.splitlines()[-1]) if done.returncode == 0 else 0


def stands(repo: Repo) -> bool:
    """Whether the log says that the last apply is done."""
    with open_here(repo) as opened:
        return next((not one.undone for one in history(opened) if one.operation.tree), False)


class Story:
    """One apply and undo, killed wherever one likes."""

    def __init__(self, repo: Repo, name: str) -> None:
        self.repo, self.name = repo, name
        self.before, self.users = walk(repo.path), aside_from_files(repo)
        assert run(["apply", name]) == 0
        self.after = walk(repo.path)
        assert self.after != self.before
        assert run(["undo"]) == 0
        self.check()

    def check(self) -> None:
        """All of it or nothing, as the log says; then it is undone, and everything is as it was."""
        next_command(self.repo)
        assert not (self.repo.path / ".git/exp/applying.json").exists()
        standing = stands(self.repo)
        assert walk(self.repo.path) == (self.after if standing else self.before)
        if standing:
            assert run(["undo"]) == 0
        assert walk(self.repo.path) == self.before
        assert aside_from_files(self.repo) == self.users
        assert locks(self.repo) == []
        self.repo.fsck()

    def killed_at(self, steps: Sequence[int]) -> None:
        for step in steps:
            die(self.repo, step, "apply", self.name)
            self.check()
            assert run(["apply", self.name, "-q"]) == 0
            die(self.repo, step, "undo")
            self.check()
            assert run(["undo", "--redo"]) == 0
            die(self.repo, step, "undo")
            self.check()

    def steps(self) -> int:
        count = die(self.repo, 0, "apply", self.name)
        assert count > 30
        self.check()
        return count


def test_a_kill_in_the_middle_is_taken_back(repo: Repo, old: str) -> None:
    story = Story(repo, old)
    count = story.steps()
    story.killed_at([count // 2])


@pytest.mark.long
def test_a_kill_at_each_step_is_taken_back(repo: Repo, old: str) -> None:
    story = Story(repo, old)
    story.killed_at(range(1, story.steps() + 2))


@pytest.mark.long
def test_a_kill_while_taking_back_is_taken_back(repo: Repo, old: str) -> None:
    """The next command is killed as well, and the one after that."""
    story = Story(repo, old)
    chance = random.Random("twice")
    count = story.steps()
    for number in range(30):
        if number % 2:
            die(repo, chance.randrange(1, count), "apply", old)
        else:
            assert run(["apply", old, "-q"]) == 0
            die(repo, chance.randrange(1, count), "undo")
        for _ in range(2):
            die(repo, chance.randrange(1, 60), "ls")
        story.check()


@pytest.mark.long
def test_kills_at_any_time(repo: Repo, old: str) -> None:
    story = Story(repo, old)
    chance = random.Random("any time")
    for _ in range(40):
        killed(repo, ["apply", old, "--code", "--params"], chance.uniform(0.1, 1.0))
        next_command(repo)
        if stands(repo):
            killed(repo, ["undo"], chance.uniform(0.1, 0.8))
        story.check()
