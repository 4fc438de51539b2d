"""Fixtures of the tests of the Python API."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gitrepo import Repo


@pytest.fixture
def here(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """The repository, as the current folder, where artifacts of 1 KiB are large."""
    monkeypatch.chdir(repo.path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    repo.git("config", "exp.maxBlob", "1k")
    return repo
