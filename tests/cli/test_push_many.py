"""Pushes of so many runs that they are put apart: the same leases, settings, hooks and layouts as for few."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks._many_runs import add_runs
from tests.capture.terminal import Terminal
from tests.cli.sharing import Person, World, refs
from tests.gitrepo import Repo, init, wrapped_git

COUNT = 25


@pytest.fixture
def ada(world: World) -> Person:
    person = world.person("ada")
    add_runs(person.repo.path, 0, COUNT)
    return person


def _apart(person: Person) -> list[Path]:
    return list((person.repo.path / ".git/exp/outbox").glob("*.git"))


def _meanwhile(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str) -> None:
    """Somebody runs `git command` on the remote after we have asked it, and before we push."""
    there = f"env -u GIT_DIR -u GIT_OBJECT_DIRECTORY $git -C '{world.remote.path}'"
    body = f'case " $* " in *" push --porcelain "*) {there} {command};; esac'
    monkeypatch.setenv("PATH", wrapped_git(tmp_path / "bin", os.environ, body)["PATH"])


def test_they_arrive_as_they_are(world: World, ada: Person) -> None:
    said = ada("push")
    assert (said.code, said.err.splitlines()[-1]) == (0, f"origin: {COUNT} new")
    assert world.runs == ada.runs
    assert not _apart(ada)
    assert ada("push").err == f"origin: {COUNT} unchanged\n"
    world.fsck(ada)


def test_only_what_was_asked_for(world: World, ada: Person) -> None:
    add_runs(ada.repo.path, COUNT, COUNT)
    names = sorted(ada.runs)[:COUNT]
    assert ada("push", "origin", *names).code == 0
    assert sorted(world.runs) == names


def test_edits_go_on_top(world: World, ada: Person) -> None:
    ada("push")
    ada("tag", "--where", "is:finished", "+good")
    assert "updated" in ada("push").err
    assert world.runs == ada.runs


def test_one_that_comes_up_meanwhile_is_not_overwritten(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = sorted(ada.runs)[3]
    base = ada.repo.git("rev-parse", f"refs/exp/{name}~1")
    ada.repo.git("push", "-q", "origin", f"{base}:refs/heads/base")
    # Git alone would let this through: what is there then is an ancestor of ours.
    _meanwhile(world, monkeypatch, tmp_path, f"update-ref refs/exp/{name} {base}")
    said = ada("push")
    assert said.code == 3
    assert f"conflict  {name}: the remote has changed since it was asked" in said.err
    assert world.runs == {**ada.runs, name: base}


def test_one_that_is_edited_meanwhile_is_not_overwritten(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ada("push")
    name = sorted(ada.runs)[3]
    ada("tag", "--where", "is:finished or is:failed or is:crashed", "+good")
    _meanwhile(world, monkeypatch, tmp_path, f"update-ref refs/exp/{name} main")
    said = ada("push")
    assert said.code == 3
    assert f"conflict  {name}" in said.err
    assert world.runs == {**ada.runs, name: world.remote.git("rev-parse", "main")}


@pytest.mark.parametrize("spec", ["+refs/exp/*:refs/exp/*", "+refs/*:refs/*"])
def test_where_git_fetches_runs_too(world: World, ada: Person, spec: str) -> None:
    ada.repo.git("config", "--add", "remote.origin.fetch", spec)
    ada.repo.git("config", "push.useForceIfIncludes", "true")
    assert f"origin: {COUNT} new" in ada("push").err
    assert world.runs == ada.runs
    ada("tag", "--where", "is:finished", "+good")
    assert ada("push").code == 0
    assert world.runs == ada.runs


def test_as_branches(world: World, ada: Person) -> None:
    assert ada("push", "--layout", "branches").code == 0
    assert refs(world.remote, "refs/heads/exp/") == ada.runs
    ada("tag", "--where", "is:finished", "+good")
    assert ada("push").code == 0
    assert refs(world.remote, "refs/heads/exp/") == ada.runs


def test_the_users_hook_runs_in_the_users_repository(world: World, ada: Person, tmp_path: Path) -> None:
    hook = ada.repo.path / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ngit rev-parse --show-toplevel > '{tmp_path}/top'\ngit status\n")
    hook.chmod(0o755)
    assert ada("push").code == 0
    assert (tmp_path / "top").read_text().strip() == str(ada.repo.path)
    assert world.runs == ada.runs


def test_settings_of_the_repository_hold(world: World, ada: Person, tmp_path: Path) -> None:
    other = tmp_path / 'with "quotes" and \\.git'
    ada.repo.git("clone", "-q", "--bare", world.url, str(other))
    ada.repo.git("config", f"url.{other}.pushInsteadOf", world.url)
    assert ada("push").code == 0
    assert refs(Repo(other, ada.repo.environ)) == ada.runs
    assert not world.runs


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of settings that hold for all repositories of this test's user."""
    (tmp_path / "home/git").mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def _for_all(person: Person, key: str, value: str) -> None:
    home = Path(os.environ["XDG_CONFIG_HOME"])
    person.repo.git("config", "--file", str(home / "git/config"), key, value)


@pytest.mark.usefixtures("home")
def test_settings_for_a_place_alone_hold(world: World, ada: Person, tmp_path: Path) -> None:
    other = tmp_path / "other.git"
    ada.repo.git("clone", "-q", "--bare", world.url, str(other))
    ada.repo.git("config", "--file", str(tmp_path / "there"), f"url.{other}.pushInsteadOf", world.url)
    _for_all(ada, f"includeIf.gitdir:{ada.repo.path}/.git.path", str(tmp_path / "there"))
    assert ada("push").code == 0
    assert refs(Repo(other, ada.repo.environ)) == ada.runs
    assert not world.runs


@pytest.mark.usefixtures("home")
def test_settings_for_a_place_alone_hold_on_the_way(world: World, ada: Person, tmp_path: Path) -> None:
    pack = tmp_path / "receive-pack"
    pack.write_text(f"#!/bin/sh\ntouch '{tmp_path}/used'\nexec git-receive-pack \"$@\"\n")
    pack.chmod(0o755)
    ada.repo.git("config", "--file", str(tmp_path / "there"), "remote.origin.receivepack", str(pack))
    _for_all(ada, f"includeIf.gitdir:{ada.repo.path}/.git.path", str(tmp_path / "there"))
    assert ada("push").code == 0
    assert (tmp_path / "used").exists()
    assert world.runs == ada.runs


@pytest.mark.usefixtures("home")
def test_where_git_fetches_runs_from_everywhere(world: World, ada: Person) -> None:
    _for_all(ada, "remote.origin.fetch", "+refs/exp/*:refs/other/*")
    assert ada("push").code == 0
    ada("tag", "--where", "is:finished", "+good")
    said = ada("push")
    assert said.code == 0, said.err
    assert world.runs == ada.runs


def test_two_addresses_to_push_to(world: World, ada: Person, tmp_path: Path) -> None:
    other = tmp_path / "other.git"
    ada.repo.git("clone", "-q", "--bare", world.url, str(other))
    for url in (world.url, str(other)):
        ada.repo.git("config", "--add", "remote.origin.pushurl", url)
    assert ada("push").code == 0
    assert world.runs == refs(Repo(other, ada.repo.environ)) == ada.runs


def test_where_the_working_tree_is_told(world: World, ada: Person) -> None:
    ada.repo.git("config", "core.worktree", str(ada.repo.path))
    said = ada("push")
    assert said.code == 0, said.err
    assert world.runs == ada.runs


@pytest.mark.usefixtures("home")
def test_it_is_put_apart_where_it_can_be(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    body = f'case " $* " in *" push --porcelain "*) echo "$GIT_DIR" > {tmp_path}/where;; esac'
    monkeypatch.setenv("PATH", wrapped_git(tmp_path / "bin", os.environ, body)["PATH"])
    _for_all(ada, "user.name", "Ada")
    ada.repo.git("config", "--add", "remote.origin.fetch", "+refs/notes/*:refs/notes/*")
    assert ada("push").code == 0
    assert "/exp/outbox/" in (tmp_path / "where").read_text()


def test_from_a_linked_worktree_by_a_relative_address(world: World, ada: Person) -> None:
    tree = ada.repo.path.parent / "linked"
    ada.repo.git("worktree", "add", "-q", "-b", "side", str(tree))
    ada.repo.git("remote", "set-url", "origin", os.path.relpath(world.remote.path, tree))
    ada.repo.path = tree
    assert ada("push").code == 0
    assert world.runs == ada.runs


def test_what_a_crash_left_is_in_nobodys_way(world: World, ada: Person) -> None:
    one = sorted(ada.runs)[0]
    ada("push", "origin", one)
    (lock,) = (ada.repo.path / ".git/exp/outbox").glob("*.lock")
    rest = lock.with_suffix(".git")
    (rest / "refs" / "exp").mkdir(parents=True)
    (rest / "refs" / "exp" / "other-abcdef").write_text(ada.runs[one] + "\n")
    assert ada("push").code == 0
    assert world.runs == ada.runs
    assert not rest.exists()


def test_a_terminal_sees_how_far_git_is_and_nothing_that_a_host_says(world: World, ada: Person) -> None:
    world.hook("pre-receive", "#!/bin/sh\nprintf 'Writing objects: \\033[31m\\r\\033]0;title\\007' >&2\n")
    ada.repo.git("config", "exp.pushBatch", "20")
    with Terminal(["git", "-C", str(ada.repo.path), "exp", "push"]) as terminal:
        assert terminal.end() == 0
        output = terminal.output
    assert b"\r\x1b[KWriting objects: 100%" in output
    assert b"\r\x1b[K20 of 25 runs sent: Writing objects: 100%" in output
    assert b"\r\x1b[Knew  " in output
    assert b"\x1b[31m" not in output
    assert b"\x1b]0" not in output
    assert world.runs == ada.runs


def test_without_a_terminal_there_is_no_progress(world: World, ada: Person) -> None:
    assert "objects" not in ada("push").err


def test_a_repository_of_longer_hashes(
    tmp_path: Path, environ: dict[str, str], ada: Person, world: World
) -> None:
    remote = init(tmp_path / "long.git", environ, "--bare", "--object-format=sha256")
    ada.repo = init(tmp_path / "long", environ, "--object-format=sha256")
    ada.repo.commit("first", {"a": "b"})
    add_runs(ada.repo.path, 0, COUNT)
    ada.repo.git("remote", "add", "origin", str(remote.path))
    assert f"{COUNT} new" in ada("push").err
    assert refs(remote) == ada.runs
