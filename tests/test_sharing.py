"""What is put into a store that people share may be used by those whom git would let use its objects."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE

import pytest

from gitexp.artifacts.store import ArtifactStore
from gitexp.model.labels import Edit
from gitexp.ops import operations
from gitexp.ops.annotate import annotate
from gitexp.ops.read import list_all
from gitexp.sharing import UMASK, permissions
from tests.gitrepo import Repo, init
from tests.ops.recorded import chosen, open_here, record


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


def _modes(home: Path) -> dict[bool, set[int]]:
    """The permissions of all folders (True) and files; packs are git's, or copies of such."""
    every = [one for one in (home, *home.rglob("*")) if one.suffix != ".pack"]
    return {
        kind: {S_IMODE(one.stat().st_mode) for one in every if one.is_dir() is kind} for kind in (True, False)
    }


@pytest.mark.parametrize(("setting", "add"), [(None, 0), ("group", 0o660), ("all", 0o664)])
def test_all_of_our_folder_is_for_those_who_share_it(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, setting: str | None, add: int
) -> None:
    monkeypatch.chdir(repo.path)
    if setting:
        repo.git("config", "core.sharedRepository", setting)
    run = record("shared")
    with open_here(repo) as opened:
        annotate(opened, chosen(opened, run), Edit(add_tags=("a",)))
        assert [one.name for one in list_all(opened).runs] == [run]
        found = _modes(opened.home)
        assert (opened.home / "index.sqlite").exists()
        assert operations.read(opened)
    umask = os.umask(0)
    os.umask(umask)
    narrowest, widest = 0o600 | add, 0o666 & ~umask | add
    assert {mode & narrowest for mode in found[False]} == {narrowest}
    assert {mode & ~widest for mode in found[False]} == {0}
    shared = add and 0o2000 | add | (add & 0o444) >> 2
    # What processes report of files is for their owner alone, where nobody shares it.
    assert found[True] - {0o700 | shared} == {0o777 & ~umask | shared} - {0o700 | shared}
