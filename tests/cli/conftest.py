from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import Program
from tests.cli.sharing import World
from tests.gitrepo import Repo


@pytest.fixture
def exp(repo: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Program:
    """The program, called from the root of a repository with one commit."""
    monkeypatch.chdir(repo.path)
    return Program(repo, capfd)


@pytest.fixture
def exp_in(
    make_repo: Callable[..., Repo], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Program]:
    """Makes a repository of a kind, as `make_repo` does, with the program called from its root."""

    def build(*kind: str) -> Program:
        repo = make_repo(*kind)
        monkeypatch.chdir(repo.path)
        return Program(repo, capfd)

    return build


@pytest.fixture
def world(
    tmp_path: Path,
    environ: dict[str, str],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """A remote that people clone."""
    monkeypatch.chdir(tmp_path)
    return World(tmp_path / "world", environ, capfd)
