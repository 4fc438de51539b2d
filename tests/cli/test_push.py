"""`git exp push`: what goes to the remote, in what order, and what is never overwritten there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import forge
from tests.cli.sharing import Person, World, refs


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("ada")


def _hook(world: World, name: str, script: str) -> None:
    world.hook(name, f"#!/bin/sh\n{script}\n")


def test_runs_arrive_as_they_are(world: World, ada: Person) -> None:
    names = {ada.record("one"), ada.record("two")}
    said = ada("push")
    assert said.code == 0
    assert world.runs == ada.runs
    assert set(world.runs) == names
    assert "origin: 2 new" in said.err
    world.fsck(ada)


def test_nothing_new_is_told_in_one_line(world: World, ada: Person) -> None:
    ada.record("one")
    ada("push")
    said = ada("push")
    assert (said.code, said.err) == (0, "origin: 1 unchanged\n")


def test_an_edit_goes_on_top(world: World, ada: Person) -> None:
    name = ada.record("one")
    ada("push")
    ada("tag", name, "+good")
    said = ada("push", "origin", name)
    assert "origin: 1 updated" in said.err
    assert world.runs == ada.runs


def test_only_what_was_asked_for(world: World, ada: Person) -> None:
    one, two, three = (ada.record(slug) for slug in ("one", "two", "three"))
    ada("push", "origin", "one")
    assert set(world.runs) == {one}
    ada("tag", two, "+paper")
    ada("push", "--where", "tag:paper")
    assert set(world.runs) == {one, two}
    ada("push", "-n")
    assert three not in world.runs


def test_the_remote_is_the_one_that_git_would_take(world: World, ada: Person, tmp_path: Path) -> None:
    other = tmp_path / "other.git"
    ada.repo.git("clone", "-q", "--bare", world.url, str(other))
    ada.repo.git("remote", "add", "other", str(other))
    ada.repo.git("config", "remote.pushDefault", "other")
    ada.record("one")
    assert "other: 1 new" in ada("push").err
    assert not world.runs


def test_a_remote_that_is_not_there(ada: Person) -> None:
    ada.repo.git("remote", "set-url", "origin", "/nowhere/at-all.git")
    ada.record("one")
    said = ada("push")
    assert said.code == 3
    assert said.err.startswith("error: remote 'origin': ")
    assert "hint: git remote set-url origin URL" in said.err


def test_no_remote_at_all(ada: Person) -> None:
    ada.repo.git("remote", "remove", "origin")
    ada.record("one")
    said = ada("push")
    assert said.code == 2
    assert "hint: git remote add origin URL" in said.err


def test_an_address_is_no_remote(ada: Person) -> None:
    ada.record("one")
    said = ada("push", "ext::sh -c touch% /tmp/x")
    assert said.code in (1, 2)


def test_what_was_edited_on_both_sides_is_a_conflict(world: World, ada: Person) -> None:
    name = ada.record("one")
    ada("push")
    bob = world.person("bob")
    bob.repo.git("fetch", "-q", "origin", "refs/exp/*:refs/exp/*")
    ada("tag", name, "+a")
    bob("tag", name, "+b")
    bob("push")
    before = world.runs
    said = ada("push")
    assert said.code == 3
    assert f"conflict  {name}: " in said.err
    assert "hint: git exp fetch" in said.err
    assert world.runs == before


def test_a_run_of_somebody_else_is_never_overwritten(world: World, ada: Person) -> None:
    name = ada.record("one")
    other = ada.record("two")
    # Git alone would let this through: the commit that is there is an ancestor of ours.
    world.remote.git("fetch", "-q", str(ada.repo.path), f"refs/heads/main:refs/exp/{name}")
    ada("push")
    assert world.runs[name] == ada.repo.git("rev-parse", "main")
    assert world.runs[other] == ada.runs[other]


def test_a_later_version_there_is_no_conflict(world: World, ada: Person) -> None:
    name = ada.record("one")
    before = ada.runs[name]
    ada("tag", name, "+a")
    ada("push")
    ada.repo.git("update-ref", f"refs/exp/{name}", before)
    said = ada("push")
    assert said.code == 0
    assert "a later version is there" in said.err


def test_a_run_under_another_name_there_is_not_sent_again(world: World, ada: Person) -> None:
    name = ada.record("one")
    world.remote.git("fetch", "-q", str(ada.repo.path), f"refs/exp/{name}:refs/exp/other-abcdef")
    assert "1 unchanged" in ada("push").err


def test_one_refused_run_stops_no_other(world: World, ada: Person) -> None:
    good, bad = ada.record("good"), ada.record("bad")
    _hook(world, "update", "case $1 in *bad*) echo no >&2; exit 1;; esac")
    said = ada("push")
    assert said.code == 3
    assert f"refused  {bad}: hook declined" in said.err
    assert set(world.runs) == {good}


def test_a_server_that_fails_on_many_refs_gets_few(world: World, ada: Person) -> None:
    for number in range(5):
        ada.record(f"run-{number}")
    _hook(world, "pre-receive", "[ $(wc -l) -le 2 ] || kill -9 $PPID")
    said = ada("push")
    assert said.code == 0, said.err
    assert world.runs == ada.runs


def test_a_server_that_fails_always_is_given_up(world: World, ada: Person) -> None:
    for number in range(5):
        ada.record(f"run-{number}")
    _hook(world, "pre-receive", "kill -9 $PPID")
    said = ada("push")
    assert said.code == 3
    assert "origin: 5 refused" in said.err
    assert not world.runs


def test_a_host_that_takes_only_branches(world: World, ada: Person) -> None:
    name = ada.record("one")
    world.remote.git("config", "receive.hideRefs", "refs/exp")
    said = ada("push")
    assert said.code == 3
    assert "hint: git exp push origin --layout branches" in said.err
    assert ada("push", "origin", "--layout", "branches").code == 0
    assert refs(world.remote, "refs/heads/exp/") == {name: ada.runs[name]}
    assert ada("push").err == "origin: 1 unchanged\n"


def test_batches(world: World, ada: Person, tmp_path: Path) -> None:
    for number in range(5):
        ada.record(f"run-{number}")
    _hook(world, "pre-receive", f"wc -l >> '{tmp_path}/sizes'")
    ada.repo.git("config", "exp.pushBatch", "2")
    ada("push")
    assert (tmp_path / "sizes").read_text().split() == ["2", "2", "1"]


def test_the_users_hook_runs_and_may_refuse(world: World, ada: Person) -> None:
    ada.record("one")
    hook = ada.repo.path / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    said = ada("push")
    assert said.code == 3
    assert not world.runs


def test_json(world: World, ada: Person) -> None:
    name = ada.record("one")
    document = ada("push", "--json").json
    assert document["remote"] == "origin"
    assert document["runs"] == [{"name": name, "commit": ada.runs[name], "state": "new", "reason": None}]


LARGE = "open('model.bin', 'wb').write(b'm' * 3_000_000)"


def test_bytes_go_with_the_run_and_come_back_when_asked_for(world: World, ada: Person) -> None:
    name = ada.record("big", LARGE, "--output", "model.bin")
    assert ada("push").code == 0
    bob = world.person("bob")
    bob.repo.git("fetch", "-q", "origin", "refs/exp/*:refs/exp/*")
    assert bob("get", f"{name}:model.bin", "-o", "back").code == 0
    assert (bob.repo.path / "back" / "model.bin").read_bytes() == b"m" * 3_000_000
    world.fsck(ada, bob)


def test_stock_git_lfs_finds_what_was_pushed(world: World, ada: Person) -> None:
    name = ada.record("big", LARGE, "--output", "model.bin")
    ada("push")
    bob = world.person("bob")
    bob.repo.git("fetch", "-q", "origin", "refs/exp/*:refs/exp/*")
    bob.repo.git("lfs", "fetch", "origin", f"refs/exp/{name}")
    assert len(list((bob.repo.path / ".git/lfs/objects").glob("*/*/*"))) == 1


def test_bytes_that_are_nowhere_keep_a_run_back(world: World, ada: Person) -> None:
    name, other = ada.record("big", LARGE, "--output", "model.bin"), ada.record("small")
    for path in (ada.repo.path / ".git/lfs/objects").glob("*/*/*"):
        path.unlink()
    said = ada("push")
    assert said.code == 3
    assert f"missing artifacts  {name}: " in said.err
    assert set(world.runs) == {other}
    assert ada("push", "--allow-missing").code == 0
    assert set(world.runs) == {name, other}


def test_a_flipped_byte_is_not_sent(world: World, ada: Person) -> None:
    name = ada.record("big", LARGE, "--output", "model.bin")
    (path,) = (ada.repo.path / ".git/lfs/objects").glob("*/*/*")
    path.chmod(0o644)
    path.write_bytes(b"x" + path.read_bytes()[1:])
    said = ada("push")
    assert said.code == 3
    assert name not in world.runs
    assert not path.exists()


def test_a_folder_for_artifacts(world: World, ada: Person, tmp_path: Path) -> None:
    ada.record("big", LARGE, "--output", "model.bin")
    ada.repo.git("config", "exp.artifacts", str(tmp_path / "bytes"))
    said = ada("push")
    assert said.code == 3  # it may be the place of a disk that is not mounted
    assert f"hint: mkdir -p {tmp_path / 'bytes'}" in said.err
    (tmp_path / "bytes").mkdir()
    assert ada("push").code == 0
    assert len(list((tmp_path / "bytes").glob("*/*/*"))) == 1


def test_a_store_that_nothing_speaks_to_keeps_the_run_back(world: World, ada: Person) -> None:
    ada.record("big", LARGE, "--output", "model.bin")
    for url, hint in (
        ("gs://bucket/path", "pip install 'gitexp[gs]'"),
        ("odd://x", "git config exp.artifacts URL"),
    ):
        ada.repo.git("config", "exp.artifacts", url)
        said = ada("push")
        assert said.code == 3
        assert f"hint: {hint}" in said.err
    assert not world.runs


def test_a_running_run_is_replaced_by_its_end(world: World, ada: Person) -> None:
    ada.record(
        "long",
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'gitexp', 'push', '--all'], check=True)",
    )
    running = world.runs
    assert len(running) == 1
    assert running != ada.runs
    assert "1 updated" in ada("push").err
    assert world.runs == ada.runs


TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def _has_secret(ada: Person) -> str:
    ada.repo.write("settings.py", f"x = 1\ntoken = '{TOKEN}'\n")
    return ada.record("leaky")


def test_a_secret_in_an_untracked_file_stops_the_push(world: World, ada: Person) -> None:
    ada.record("other")
    name = _has_secret(ada)
    said = ada("push")
    assert said.code == 1
    assert f"run {name}: settings.py, line 2 looks like a GitHub token" in said.err
    assert "git exp push --allow" in said.err
    assert TOKEN not in said.err
    assert not world.runs
    assert ada("push", "--allow").code == 0
    assert world.runs == ada.runs


def test_what_is_there_already_is_not_searched_again(world: World, ada: Person) -> None:
    name = _has_secret(ada)
    ada("push", "--allow")
    ada("tag", name, "+a")
    assert ada("push").code == 0


def test_a_secret_that_came_into_a_record(world: World, ada: Person) -> None:
    name = ada.record("one")
    for path in ("log.txt", "params.yaml", "env.yaml"):
        commit = forge(ada.repo, name, f"{path[0]}x-abcdef", {path: f"a: {path}\nb: {TOKEN}\n"})
        ada.repo.git("update-ref", f"refs/exp/{path[0]}x-abcdef", commit)
    said = ada("push")
    assert said.code == 1
    for path in ("log.txt", "params.yaml", "env.yaml"):
        assert f".exp/{path}, line 2" in said.err


def test_what_is_committed_in_the_base_is_the_users_own_affair(world: World, ada: Person) -> None:
    ada.repo.commit("keys", {"keys.py": f"token = '{TOKEN}'\n"})
    ada.record("one")
    assert ada("push").code == 0


def test_a_binary_file_is_no_finding(world: World, ada: Person) -> None:
    ada.repo.write("data.bin", b"\0" + TOKEN.encode())
    ada.record("one")
    assert ada("push").code == 0


def test_what_was_removed_there_stays_removed_unless_it_is_named(world: World, ada: Person) -> None:
    one, two = ada.record("one"), ada.record("two")
    ada("push")
    world.remote.git("update-ref", "-d", f"refs/exp/{one}")
    said = ada("push")
    hint = "hint: git exp push origin --again\n"
    told = f"removed there  {one}\norigin: 1 unchanged, 1 removed there\n{hint}"
    assert (said.code, said.err) == (0, told)
    assert set(world.runs) == {two}
    assert set(ada.runs) == {one, two}
    assert "1 removed there" in ada("push", "--where", "is:finished").err
    assert "1 new" in ada("push", "origin", one).err
    assert world.runs == ada.runs


def test_an_edit_brings_back_nothing_that_was_removed_there(world: World, ada: Person) -> None:
    name = ada.record("one")
    ada("push")
    world.remote.git("update-ref", "-d", f"refs/exp/{name}")
    ada("tag", name, "+a")
    hint = "hint: git exp push origin --again\n"
    assert ada("push").err == f"removed there  {name}\norigin: 1 removed there\n{hint}"
    assert not world.runs
    assert "1 new" in ada("push", "--again").err
    assert world.runs == ada.runs


def test_a_remote_that_moved_elsewhere_has_had_nothing(world: World, ada: Person, tmp_path: Path) -> None:
    ada.record("one")
    ada("push")
    ada.repo.git("init", "-q", "--bare", str(tmp_path / "moved.git"))
    ada.repo.git("remote", "set-url", "origin", str(tmp_path / "moved.git"))
    assert "1 new" in ada("push").err


def test_what_was_fetched_and_then_removed_there(world: World, ada: Person) -> None:
    name = ada.record("one")
    ada("push")
    bob = world.person("bob")
    bob("fetch")
    world.remote.git("update-ref", "-d", f"refs/exp/{name}")
    assert bob("fetch").code == 0
    assert set(bob.runs) == {name}
    hint = "hint: git exp push origin --again\n"
    assert bob("push").err == f"removed there  {name}\norigin: 1 removed there\n{hint}"


def test_what_git_itself_had_pushed_and_somebody_removed(world: World, ada: Person) -> None:
    name = ada.record("one")
    ada.repo.git("push", "-q", "origin", "refs/exp/*:refs/exp/*")
    ada("push")
    world.remote.git("update-ref", "-d", f"refs/exp/{name}")
    assert "1 removed there" in ada("push").err


def test_another_remote_has_its_own_memory(world: World, ada: Person, tmp_path: Path) -> None:
    name = ada.record("one")
    ada("push")
    world.remote.git("update-ref", "-d", f"refs/exp/{name}")
    ada.repo.git("clone", "-q", "--bare", world.url, str(tmp_path / "other.git"))
    ada.repo.git("remote", "add", "other", str(tmp_path / "other.git"))
    assert "1 new" in ada("push", "other").err


def test_a_folder_for_artifacts_that_would_be_code(world: World, ada: Person) -> None:
    ada.record("big", LARGE, "--output", "model.bin")
    ada.repo.git("config", "exp.artifacts", "bytes")
    (ada.repo.path / "bytes").mkdir()
    said = ada("push")
    assert said.code == 3
    assert "in the working tree: runs would record it as code" in said.err
    ada.repo.write(".gitignore", "bytes/\n")
    assert ada("push").code == 0


def test_a_folder_for_artifacts_needs_no_remote(world: World, ada: Person, tmp_path: Path) -> None:
    name = ada.record("big", LARGE, "--output", "model.bin")
    (tmp_path / "bytes").mkdir()
    ada.repo.git("config", "exp.artifacts", str(tmp_path / "bytes"))
    ada("push")
    for path in (ada.repo.path / ".git/lfs/objects").glob("*/*/*"):
        path.unlink()
    ada.repo.git("remote", "remove", "origin")
    assert ada("get", f"{name}:model.bin", "-o", "-").out == "m" * 3_000_000


def test_the_words_of_a_host_that_refuses(world: World, ada: Person) -> None:
    name = ada.record("one")
    _hook(world, "pre-receive", "echo 'error: GH013: Repository rule violations found' >&2; exit 1")
    said = ada("push")
    assert said.code == 3
    told = "pre-receive hook declined: error: GH013: Repository rule violations found"
    assert f"refused  {name}: {told}" in said.err


def test_no_run_here_is_taken_for_what_tracks_the_remote(world: World, ada: Person) -> None:
    """Though a refspec of the user's says so: git would set or delete it with what it pushes."""
    ada.repo.git("config", "--add", "remote.origin.fetch", "+refs/exp/*:refs/exp/*")
    name = ada.record("one")
    assert ada("push").code == 0
    before = ada.runs
    assert ada("rm", "--remote", "origin", name).code == 0
    assert not world.runs
    assert ada.runs == before


def test_a_mirror_can_be_pushed_to(world: World, ada: Person) -> None:
    ada.repo.git("config", "remote.origin.mirror", "true")
    ada.record("one")
    assert ada("push").code == 0
    assert world.runs == ada.runs


def test_of_two_addresses_both_have_to_take_a_run(world: World, ada: Person, tmp_path: Path) -> None:
    other = tmp_path / "other.git"
    ada.repo.git("clone", "-q", "--bare", world.url, str(other))
    ada.repo.git("remote", "set-url", "--push", "origin", world.url)
    ada.repo.git("remote", "set-url", "--push", "--add", "origin", str(other))
    _hook(world, "pre-receive", "exit 1")
    name = ada.record("one")
    said = ada("push")
    assert said.code == 3
    assert f"refused  {name}" in said.err


def test_a_param_that_its_record_masks_is_found_in_the_params_file(world: World, ada: Person) -> None:
    name = ada.record("one", "pass", "-S", "+api_key=supersecretvalue123")
    assert "supersecretvalue123" not in ada("show", name).out
    said = ada("push")
    assert said.code == 1
    assert f"run {name}: params.yaml, line 2 looks like the value of 'api_key', which is masked" in said.err
    assert "supersecretvalue123" not in said.err
    assert not world.runs


def test_a_variable_in_a_file_of_its_own(world: World, ada: Person) -> None:
    ada.repo.write(
        "setup.sh", "export MAX_TOKENS=4096000000\nexport AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIK7MDENG\n"
    )
    name = ada.record("one")
    said = ada("push")
    assert said.code == 1
    assert f"run {name}: setup.sh, line 2 looks like the value of AWS_SECRET_ACCESS_KEY" in said.err
    assert "wJalr" not in said.err
    ada.repo.write(
        "setup.sh", "export AWS_SECRET_ACCESS_KEY=$FROM_ELSEWHERE\nTOKENIZER_NAME=bert-base-uncased\n"
    )
    ada("rm", name)
    ada.record("two")
    assert ada("push").code == 0


def _bytes(world: World) -> list[Path]:
    return list((world.remote.path / "lfs" / "objects").glob("*/*/*"))


def test_bytes_follow_what_git_alone_has_pushed(world: World, ada: Person) -> None:
    name = ada.record("big", LARGE, "--output", "model.bin")
    ada.repo.git("push", "-q", "origin", "refs/exp/*:refs/exp/*")
    assert not _bytes(world)
    assert ada("push").err == f"unchanged  {name}: 1 artifact sent\norigin: 1 unchanged\n"
    assert len(_bytes(world)) == 1
    assert ada("push").err == "origin: 1 unchanged\n"


def test_bytes_follow_to_another_place(world: World, ada: Person, tmp_path: Path) -> None:
    ada.record("big", LARGE, "--output", "model.bin")
    ada("push")
    (tmp_path / "bytes").mkdir()
    ada.repo.git("config", "exp.artifacts", str(tmp_path / "bytes"))
    assert "1 artifact sent" in ada("push").err
    assert len(list((tmp_path / "bytes").glob("*/*/*"))) == 1


def test_bytes_that_were_lost_there_are_sent_where_they_are_asked_for(world: World, ada: Person) -> None:
    name = ada.record("big", LARGE, "--output", "model.bin")
    ada("push")
    for options in (("origin", name), ("--where", "is:finished"), ("--artifacts",)):
        (lost,) = _bytes(world)
        lost.unlink()
        assert ada("push").err == "origin: 1 unchanged\n"
        assert f"unchanged  {name}: 1 artifact sent" in ada("push", *options).err
        assert ada("push", *options).err == "origin: 1 unchanged\n"


def test_what_has_come_without_its_bytes_is_the_affair_of_who_has_them(world: World, ada: Person) -> None:
    name = ada.record("big", LARGE, "--output", "model.bin")
    ada.repo.git("push", "-q", "origin", "refs/exp/*:refs/exp/*")
    bob = world.person("bob")
    bob("fetch")
    assert bob("push").err == "origin: 1 unchanged\n"
    said = bob("push", "origin", name)
    assert said.code == 3
    assert f"missing artifacts  {name}: " in said.err
    ada("push")
    assert bob("push", "origin", name).err == "origin: 1 unchanged\n"


def test_bytes_that_were_allowed_to_be_missing_follow(world: World, ada: Person) -> None:
    name = ada.record("big", LARGE, "--output", "model.bin")
    store = ada.repo.path / ".git/lfs/objects"
    store.rename(store.with_name("away"))
    assert ada("push", "--allow-missing").code == 0
    assert ada("push").err == "origin: 1 unchanged\n"
    assert ada("push", "origin", name).code == 3
    store.with_name("away").rename(store)
    assert f"unchanged  {name}: 1 artifact sent" in ada("push").err
    assert len(_bytes(world)) == 1


def test_bytes_that_were_cleared_there_come_back(world: World, ada: Person) -> None:
    name = ada.record("big", LARGE, "--output", "model.bin")
    ada("push")
    ada("rm", "--remote", "origin", name)
    assert ada("gc", "--remote", "--older-than", "0d").code == 0
    assert not _bytes(world)
    ada.repo.git("push", "-q", "origin", "refs/exp/*:refs/exp/*")
    assert "1 artifact sent" in ada("push").err
