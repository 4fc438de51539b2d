"""What is put into a store that people share may be used by those whom git would let use its objects."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitexp.artifacts.permissions import UMASK, permissions
from gitexp.artifacts.store import ArtifactStore
from tests.gitrepo import init


@pytest.fixture(autouse=True, params=[0o022, 0o077, 0o002])
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def _mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o7777)


@pytest.mark.parametrize(
    "setting",
    ["group", "true", "1", "all", "world", "everybody", "2", "0640", "0660", "0666", "umask", "false", "0"],
)
def test_as_git_does(tmp_path: Path, environ: dict[str, str], setting: str) -> None:
    repo = init(tmp_path / "shared.git", environ, "--bare")
    repo.git("config", "core.sharedRepository", setting)
    oid = repo.git("hash-object", "-w", "--stdin", input="x")
    theirs = repo.path / "objects" / oid[:2]
    store = ArtifactStore(repo.path / "lfs" / "objects", permissions(setting))
    ours = store.path(store.add_bytes(b"x").oid)
    folders = (*ours.parents[:4], store.temporary)
    assert {_mode(folder) for folder in folders} == {_mode(theirs)}
    if setting.startswith("06"):
        assert _mode(ours) == _mode(theirs / oid[2:])


def test_where_nothing_is_said() -> None:
    assert permissions(None) == permissions("nonsense") == UMASK
