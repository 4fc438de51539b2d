"""Fixtures that every test may use: a hermetic environment and real repositories."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import moulds
from tests.gitrepo import Repo, hermetic, make

# How long anything takes is for benchmarks: in a fresh clone hypothesis has its tables of characters to make.
settings.register_profile("thorough", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("thorough"), max_examples=40)
settings.load_profile("quick")


@pytest.fixture(scope="session", autouse=True)
def _hermetic_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The test process itself gets the hermetic environment, for code that is handed `os.environ`."""
    environ = hermetic(tmp_path_factory.mktemp("home"))
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True)
def _back() -> Iterator[None]:
    """A test may go wherever it likes: the folder that it leaves behind is removed."""
    before = os.getcwd()
    yield
    os.chdir(before)


@pytest.fixture
def environ() -> dict[str, str]:
    """A hermetic environment, free to be changed by the test."""
    return dict(os.environ)


@pytest.fixture
def repo(tmp_path: Path, environ: dict[str, str]) -> Repo:
    """A plain repository with one commit of FILES."""
    moulds.first().pour(tmp_path / "repo")
    return moulds.know_files(Repo(tmp_path / "repo", environ, ticks=1))


@pytest.fixture
def make_repo(tmp_path: Path, environ: dict[str, str]) -> Callable[..., Repo]:
    """Makes a repository of a kind of gitrepo.KINDS: `make_repo('bare')`, `make_repo('plain', 'sha256')`."""

    def build(kind: str, object_format: str = "sha1", ref_format: str = "files") -> Repo:
        return make(kind, tmp_path / kind, environ, object_format, ref_format)

    return build
