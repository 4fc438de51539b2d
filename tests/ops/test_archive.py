"""Ended runs moved under archives, and everything found as before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitexp.errors import BrokenRecord
from gitexp.formats import archive as archive_format
from gitexp.ops.archive.archiving import archive, restore
from gitexp.ops.archive.held import held
from gitexp.ops.read import list_all
from gitexp.ops.resolve import resolve
from gitexp.ops.undo import redo, undo
from gitexp.repo import Repository
from tests.gitrepo import Repo
from tests.ops.recorded import multiply, record


@pytest.fixture
def many(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository with a few runs."""
    monkeypatch.chdir(repo.path)
    multiply(repo, record("one"), 12)
    return repo


def _listed(path: Path) -> list[tuple[object, ...]]:
    with Repository.open(path) as found:
        return [(run.name, run.commit, run.record, run.row) for run in list_all(found).runs]


def _archive(path: Path, **options: int) -> None:
    with Repository.open(path) as found:
        assert all(one.error is None for one in archive(found, list_all(found).runs, **options))


@pytest.mark.parametrize("fan_in", [2, 64, 500])
def test_archived_runs_are_listed_as_before(many: Repo, fan_in: int) -> None:
    before = _listed(many.path)
    _archive(many.path, fan_in=fan_in)
    assert not many.refs("refs/exp/")
    assert many.refs("refs/exp-archive/")
    assert _listed(many.path) == before
    many.fsck()


def test_an_index_is_filled_from_the_archive_alone(many: Repo) -> None:
    before = _listed(many.path)
    _archive(many.path)
    for path in (many.path / ".git" / "exp").glob("index.sqlite*"):
        path.unlink()
    assert _listed(many.path) == before


def test_archive_and_restore_change_no_ref(many: Repo) -> None:
    before = many.refs("refs/exp/")
    _archive(many.path)
    with Repository.open(many.path) as found:
        assert {str(name): str(oid) for name, oid in held(found).items()} == {
            ref.removeprefix("refs/exp/"): oid for ref, oid in before.items()
        }
        restore(found, list(held(found)))
    assert many.refs("refs/exp/") == before
    many.fsck()


def test_names_and_prefixes_of_archived_runs_are_understood(many: Repo) -> None:
    _archive(many.path)
    with Repository.open(many.path) as found:
        name = list_all(found).runs[0].name
        assert resolve(found, name).commit == held(found)[name]
        assert resolve(found, "@").name == name


def test_undo_and_redo(many: Repo) -> None:
    before = many.refs()
    _archive(many.path)
    after = many.refs()
    with Repository.open(many.path) as found:
        undo(found)
        assert many.refs("refs/exp/") == {k: v for k, v in before.items() if k.startswith("refs/exp/")}
        redo(found)
    assert many.refs("refs/exp-archive/") == {k: v for k, v in after.items() if "exp-archive" in k}


def test_a_living_ref_wins_over_the_archive(many: Repo) -> None:
    from gitexp.git.refs import run_ref

    _archive(many.path)
    with Repository.open(many.path) as found:
        name, commit = next(iter(held(found).items()))
        restore(found, [name])
        base = many.git("commit-tree", f"{commit}^{{tree}}", "-p", commit, "-m", "edited")
        many.git("update-ref", run_ref(name), base)
        assert resolve(found, name).commit == base
        assert {run.name: run.commit for run in list_all(found).runs}[name] == base


def test_a_clone_that_has_only_the_archive_has_the_runs(many: Repo, make_clone: Callable[..., Path]) -> None:
    before = _listed(many.path)
    _archive(many.path)
    clone = make_clone(many)
    assert [row[:3] for row in _listed(clone)] == [row[:3] for row in before]


@pytest.fixture
def make_clone(tmp_path: Path) -> Callable[..., Path]:
    def make(source: Repo) -> Path:
        path = tmp_path / "clone"
        source.git("clone", "-q", str(source.path), str(path))
        Repo(path, source.environ).git("fetch", "-q", "origin", "refs/exp-archive/*:refs/exp-archive/*")
        return path

    return make


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b'{"format": 99}', b"\xff\xfe", b"[" * 100_000, b"{}" * 10]
)
def test_what_is_no_listing_is_refused(data: bytes) -> None:
    with pytest.raises(BrokenRecord):
        archive_format.decode(data, what="archive")
