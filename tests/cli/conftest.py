from __future__ import annotations

import pytest

from tests.cli.program import Program
from tests.gitrepo import Repo


@pytest.fixture
def exp(repo: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Program:
    """The program, called from the root of a repository with one commit."""
    monkeypatch.chdir(repo.path)
    return Program(repo, capfd)
