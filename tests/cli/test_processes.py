"""How many git processes a look takes does not depend on how many runs there are."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks._many_runs import SWEEP, repository_of_runs, run_name
from tests.cli.program import ARGV, program_environ
from tests.gitrepo import wrapped_git

FEW, MANY = 3, 60
ONE, OTHER = run_name(0), run_name(1)
LOOKS: dict[str, Sequence[str]] = {
    "ls": ["ls"],
    "ls QUERY --sort": ["ls", "params.lr < 1 and metrics.acc > 0", "--sort", "-acc"],
    "ls --json": ["ls", "--json"],
    "show": ["show", ONE],
    "diff": ["diff", ONE, OTHER],
}


class Counted:
    """The program in a repository of so many runs, and the git processes that it started."""

    def __init__(self, folder: Path, environ: dict[str, str], runs: int) -> None:
        self.runs = runs
        self.repo = repository_of_runs(folder / "repo", runs)
        self._calls = folder / "calls"
        self._environ = wrapped_git(folder / "bin", environ, f'echo "$*" >>"{self._calls}"')

    def forget(self) -> None:
        """As if nothing had ever looked at this repository."""
        shutil.rmtree(self.repo / ".git" / "exp", ignore_errors=True)

    def look(self, arguments: Sequence[str]) -> list[str]:
        """The arguments of every git process."""
        self._calls.write_text("")
        said = subprocess.run(
            [*ARGV, *arguments],
            cwd=self.repo,
            env=program_environ(self._environ),
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode in (0, 1), said.stderr
        assert not said.stderr or said.stderr.startswith("note: "), said.stderr
        if arguments[0] == "ls":
            assert (
                len([number for number in range(self.runs) if run_name(number) in said.stdout]) == self.runs
            )
        return self._calls.read_text().splitlines()


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> tuple[Counted, Counted]:
    from os import environ

    folder = tmp_path_factory.mktemp("counted")
    few, many = (Counted(folder / str(runs), dict(environ), runs) for runs in (FEW, MANY))
    assert few.runs < SWEEP < many.runs, "both kinds: all of one code, and of many"
    return few, many


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_takes_as_many_processes_among_many_runs(
    look: str, repositories: tuple[Counted, Counted]
) -> None:
    few, many = repositories
    for counted in repositories:
        counted.look(["ls"])
    calls, more = few.look(LOOKS[look]), many.look(LOOKS[look])
    assert 0 < len(calls) == len(more) <= 12, (calls, more)


@pytest.mark.parametrize("look", LOOKS)
def test_a_first_look_takes_as_many_processes_among_many_runs(
    look: str, repositories: tuple[Counted, Counted]
) -> None:
    few, many = repositories
    for counted in repositories:
        counted.forget()
    calls, more = few.look(LOOKS[look]), many.look(LOOKS[look])
    assert 0 < len(calls) == len(more) <= 12, (calls, more)
