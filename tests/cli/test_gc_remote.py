"""`git exp gc --remote`: what is freed where a remote keeps artifacts, and all that has to stay."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from gitexp.formats import pointer
from gitexp.model.values import Digest
from gitexp.repo import Repository
from tests.cli.sharing import Person, World
from tests.gitrepo import wrapped_git

MEGA = 1_500_000
CODE = "open('model.bin', 'wb').write({byte!r} * 1_500_000)"


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("ada")


def _digest(byte: str) -> str:
    return hashlib.sha256(byte.encode() * MEGA).hexdigest()


def _with_model(person: Person, slug: str, byte: str) -> str:
    return person.record(slug, CODE.format(byte=byte.encode()), "--output", "model.bin")


def _store(world: World) -> Path:
    return world.remote.path / "lfs" / "objects"


def _there(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*/*/*")}


def _age(folder: Path, days: float = 30) -> None:
    """All that is there came so long ago."""
    then = time.time() - days * 24 * 3600
    for path in folder.glob("*/*/*"):
        os.utime(path, (then, then))


def _two_pushed(world: World, ada: Person) -> tuple[str, str]:
    names = _with_model(ada, "one", "a"), _with_model(ada, "two", "b")
    assert ada("push").code == 0
    assert _there(_store(world)) == {_digest("a"), _digest("b")}
    _age(_store(world))
    return names


def test_what_only_removed_runs_had_is_freed(world: World, ada: Person) -> None:
    one, _ = _two_pushed(world, ada)
    ada("rm", "--remote", "origin", one)
    said = ada("gc", "--remote", "origin", "-n")
    assert said.code == 0
    assert said.out.splitlines()[0].startswith(_digest("a"))
    assert said.out.splitlines()[1].startswith("would free 1.5 MB of 1 artifact in ")
    assert len(_there(_store(world))) == 2
    said = ada("gc", "--remote")
    assert "freed 1.5 MB of 1 artifact in " in said.out
    assert _there(_store(world)) == {_digest("b")}
    assert "freed 0 B of 0 artifacts" in ada("gc", "--remote").out
    world.fsck(ada)
    # Here it still is, and goes along when the run is sent again.
    assert ada("push", "origin", one).code == 0
    assert _there(_store(world)) == {_digest("a"), _digest("b")}


def test_what_came_lately_stays(world: World, ada: Person) -> None:
    one, _ = _two_pushed(world, ada)
    ada("rm", "--remote", one)
    _age(_store(world), days=10)
    said = ada("gc", "--remote")
    assert "freed 0 B of 0 artifacts" in said.out
    assert "1 that nothing points to came too lately to be freed" in said.err
    assert len(_there(_store(world))) == 2
    assert "1 artifact" in ada("gc", "--remote", "--older-than", "9d").out
    assert len(_there(_store(world))) == 1


def test_as_json(world: World, ada: Person) -> None:
    one, _ = _two_pushed(world, ada)
    ada("rm", "--remote", one)
    assert ada("gc", "--remote", "--json").json == {
        "format": 1,
        "dry_run": False,
        "remote": "origin",
        "place": str(_store(world)),
        "objects": [{"oid": _digest("a"), "size": MEGA}],
        "bytes": MEGA,
        "young": 0,
    }


def _branch(world: World, ada: Person) -> None:
    data = pointer.encode(Digest(_digest("a")), MEGA)
    ada.repo.commit("pointer", {"data/model.bin": data})
    ada.repo.git("push", "-q", "origin", "main:refs/heads/data")
    ada.repo.git("reset", "-q", "--hard", "HEAD~1")


def _history_of_a_branch(world: World, ada: Person) -> None:
    ada.repo.commit("pointer", {"data/model.bin": pointer.encode(Digest(_digest("a")), MEGA)})
    ada.repo.git("rm", "-q", "data/model.bin")
    ada.repo.commit("no pointer")
    ada.repo.git("push", "-q", "origin", "main:refs/heads/data")
    ada.repo.git("reset", "-q", "--hard", "HEAD~2")


def _tag_of_a_blob(world: World, ada: Person) -> None:
    # As an editor of Windows leaves a pointer: git-lfs takes it.
    data = pointer.encode(Digest(_digest("a")), MEGA).replace(b"\n", b"\r\n")
    blob = ada.repo.git("hash-object", "-w", "--stdin", input=data)
    ada.repo.git("tag", "-a", "-m", "a blob", "blob", blob)
    ada.repo.git("push", "-q", "origin", "blob")


def _archive(world: World, ada: Person) -> None:
    run = next(name for name in ada.runs if name.startswith("one"))
    ada.repo.git("push", "-q", "origin", f"exp/{run}:refs/exp-archive/ada/2026-01")


def _run_of_somebody_else(world: World, ada: Person) -> None:
    bob = world.person("bob")
    _with_model(bob, "three", "a")
    assert bob("push").code == 0
    _age(_store(world))


def _branch_of_somebody_else(world: World, ada: Person) -> None:
    bob = world.person("bob")
    _branch(world, bob)


@pytest.mark.parametrize(
    "points",
    [
        _branch,
        _history_of_a_branch,
        _tag_of_a_blob,
        _archive,
        _run_of_somebody_else,
        _branch_of_somebody_else,
    ],
)
def test_what_another_ref_points_to_stays(world: World, ada: Person, points: object) -> None:
    one, _ = _two_pushed(world, ada)
    assert callable(points)
    points(world, ada)
    ada("rm", "--remote", one)
    said = ada("gc", "--remote")
    assert said.code == 0, said.err
    assert "freed 0 B" in said.out
    assert _there(_store(world)) == {_digest("a"), _digest("b")}
    assert not ada.repo.git("for-each-ref", "refs/exp-incoming/")
    world.fsck(ada)


def test_the_last_copy_of_what_a_run_here_points_to_stays(world: World, ada: Person) -> None:
    one, _ = _two_pushed(world, ada)
    bob = world.person("bob")
    bob("fetch")
    ada("rm", "--remote", one)
    assert "freed 0 B" in bob("gc", "--remote").out
    assert len(_there(_store(world))) == 2
    bob("get", one, "-o", "out")
    assert "1 artifact" in bob("gc", "--remote").out


def test_a_remote_that_changes_meanwhile(world: World, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    from gitexp.artifacts.folder import Folder

    one, _ = _two_pushed(world, ada)
    ada("rm", "--remote", one)
    listed = Folder.list

    def kept(place: Folder) -> object:
        world.remote.git("update-ref", "refs/heads/new", "main")
        return listed(place)

    monkeypatch.setattr(Folder, "list", kept)
    said = ada("gc", "--remote")
    assert said.code == 3
    assert "has changed meanwhile: nothing was removed" in said.err
    assert len(_there(_store(world))) == 2


@pytest.mark.parametrize("where", ["folder", "bucket"])
def test_what_becomes_young_meanwhile_stays(
    world: World, ada: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    from gitexp.ops.share import clear

    bob = world.person("bob")
    store = _store(world)
    if where == "bucket":
        store = tmp_path / "bytes"
        for one in (ada, bob):
            one.repo.git("config", "exp.artifacts", f"local://{store}")
    names = [_with_model(ada, "one", "a"), _with_model(ada, "two", "b")]
    assert ada("push").code == 0
    _age(store)
    ada("rm", "--remote", "origin", *names)
    again = _with_model(bob, "again", "a")
    asked = clear._lacking

    def pushed(repo: Repository, objects: Sequence[Digest]) -> Collection[Digest]:
        # All that a push does before its ref is there.
        found = asked(repo, objects)
        size = sum(path.stat().st_size for path in store.glob("*/*/*"))
        world.hook("pre-receive", "#!/bin/sh\nexit 1\n")
        assert bob("push").code == 3
        os.chdir(ada.repo.path)
        assert sum(path.stat().st_size for path in store.glob("*/*/*")) == size
        return found

    monkeypatch.setattr(clear, "_lacking", pushed)
    said = ada("gc", "--remote", "--alone")
    assert said.code == 0, said.err
    assert _there(store) == {_digest("a")}
    monkeypatch.undo()
    (world.remote.path / "hooks/pre-receive").unlink()
    assert bob("push").code == 0
    assert again in world.runs
    assert _there(store) == {_digest("a")}


def test_a_ref_that_is_hidden_is_not_taken_for_none(world: World, ada: Person) -> None:
    one, _ = _two_pushed(world, ada)
    _branch_of_somebody_else(world, ada)
    world.remote.git("config", "transfer.hideRefs", "refs/heads/data")
    ada("rm", "--remote", one)
    said = ada("gc", "--remote")
    assert said.code == 3, said.out
    assert len(_there(_store(world))) == 2


def _say(person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """Whatever remote is asked what it has says `line` as well."""
    lie = f"case \" $* \" in *' ls-remote '*) printf '%s\\t%s\\n' {line};; esac"
    monkeypatch.setenv("PATH", wrapped_git(folder, person.repo.environ, lie)["PATH"])


@pytest.mark.parametrize(
    "ref",
    [
        "+refs/heads/main:refs/heads/victim",
        "refs/heads/main:refs/heads/victim",
        "refs/heads/*:refs/heads/v*",
        "^refs/heads/main",
        "main",
        "refs/heads/a b",
    ],
)
def test_a_remote_cannot_name_a_ref_of_ours(
    world: World, ada: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ref: str
) -> None:
    one, _ = _two_pushed(world, ada)
    ada("rm", "--remote", one)
    ada.repo.git("branch", "victim", ada.repo.commit("mine"))
    before = ada.repo.refs()
    _say(ada, tmp_path / "bin", monkeypatch, f"{'ab' * 20} '{ref}'")
    said = ada("gc", "--remote")
    assert said.code == 3
    assert f"remote 'origin' says that it has {ref!r}, which is not the name of a ref" in said.err
    assert ada.repo.refs() == before
    assert len(_there(_store(world))) == 2


@pytest.mark.parametrize("ref", ["refs/heads/x\u2028y", "refs/exp/x\u2028y", "refs/heads/\udcff"])
def test_refs_of_any_name_are_looked_at(world: World, ada: Person, ref: str) -> None:
    one, _ = _two_pushed(world, ada)
    _branch_of_somebody_else(world, ada)
    commit = world.remote.git("rev-parse", "refs/heads/data")
    world.remote.git("update-ref", ref, commit)
    world.remote.git("update-ref", "-d", "refs/heads/data")
    ada("rm", "--remote", one)
    said = ada("gc", "--remote")
    assert said.code == 0, said.err
    assert "freed 0 B" in said.out
    assert len(_there(_store(world))) == 2


def test_clones_that_do_not_know_enough(world: World, ada: Person, tmp_path: Path) -> None:
    one, _ = _two_pushed(world, ada)
    ada("rm", "--remote", one)
    for option in ("--depth=1", "--filter=blob:none"):
        world.remote.git("clone", "-q", option, world.url, str(tmp_path / option))
        ada.repo.path = tmp_path / option
        said = ada("gc", "--remote")
        assert said.code == 128
        assert "does not know all that needs an artifact" in said.err
    assert len(_there(_store(world))) == 2


def test_a_git_lfs_server_cannot(world: World, ada: Person) -> None:
    ada.repo.git("remote", "set-url", "origin", "https://example.org/x.git")
    said = ada("gc", "--remote")
    assert said.code == 3
    assert "keeps artifacts on a Git LFS server, which has no way to remove any" in said.err


def test_a_repository_that_people_work_in(world: World, ada: Person) -> None:
    bob = world.person("bob")
    _with_model(bob, "one", "a")
    _age(bob.repo.path / ".git/lfs/objects")
    ada.repo.git("remote", "add", "bob", str(bob.repo.path))
    said = ada("gc", "--remote", "bob")
    assert said.code == 3
    assert "is a repository that people work in" in said.err
    assert len(_there(bob.repo.path / ".git/lfs/objects")) == 1


def test_a_folder_that_others_may_use(world: World, ada: Person, tmp_path: Path) -> None:
    (tmp_path / "bytes").mkdir()
    ada.repo.git("config", "exp.artifacts", str(tmp_path / "bytes"))
    one, two = _with_model(ada, "one", "a"), _with_model(ada, "two", "b")
    ada("push")
    ada.repo.git("clone", "-q", "--bare", world.url, str(tmp_path / "other.git"))
    ada.repo.git("remote", "add", "other", str(tmp_path / "other.git"))
    ada("push", "other", two)
    _age(tmp_path / "bytes")
    ada("rm", "--remote", "origin", one, two)
    assert "would free 1.5 MB of 1 artifact" in ada("gc", "--remote", "origin", "-n").out
    said = ada("gc", "--remote", "origin")
    assert said.code == 2
    assert "hint: git exp gc --remote origin --alone" in said.err
    assert len(_there(tmp_path / "bytes")) == 2
    assert ada("gc", "--remote", "origin", "--alone").code == 0
    assert _there(tmp_path / "bytes") == {_digest("b")}


def test_an_empty_remote_and_what_is_no_object(world: World, ada: Person, tmp_path: Path) -> None:
    _two_pushed(world, ada)
    for ref in world.remote.refs():
        world.remote.git("update-ref", "-d", ref)
    other = _store(world) / "aa" / "bb" / "notes.txt"
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_text("mine")
    os.utime(other, (0, 0))
    assert "2 artifacts" in ada("gc", "--remote").out
    assert other.exists()
    assert _there(_store(world)) == {"notes.txt"}


@pytest.mark.parametrize(
    "arguments", [["origin"], ["--alone"], ["--remote", "--keep-trash"], ["--remote", "nowhere"]]
)
def test_bad_input(ada: Person, arguments: list[str]) -> None:
    said = ada("gc", *arguments)
    assert said.code == 2
    assert "hint: " in said.err
