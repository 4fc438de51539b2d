"""Artifacts by way of a Git LFS server: found as git-lfs finds it, shared with stock git-lfs, and failing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dulwich.lfs_server import LFSRequestHandler

from gitexp.ops import moving
from tests.artifacts.servers import LOGIN, Lfs, lfs_server
from tests.cli.sharing import Person, World

BIG = b"m" * 3_000_000
CODE = "open('model.bin', 'wb').write(b'm' * 3_000_000)"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Lfs]:
    with lfs_server(tmp_path / "lfs") as running:
        yield running


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "sleep", lambda _: None)


def person(world: World, name: str, url: str) -> Person:
    """Somebody whose clone knows the LFS server."""
    one = world.person(name)
    one.repo.git("config", "remote.origin.lfsurl", url)
    return one


@pytest.fixture
def ada(world: World, server: Lfs) -> Person:
    return person(world, "ada", server.url)


@pytest.fixture
def bob(world: World, server: Lfs) -> Person:
    return person(world, "bob", server.url)


def _record(one: Person) -> str:
    return one.record("big", CODE, "--output", "model.bin")


def _objects(one: Person) -> list[Path]:
    return [path for path in (one.repo.path / ".git/lfs/objects").glob("*/*/*") if path.is_file()]


def test_there_and_back(world: World, server: Lfs, ada: Person, bob: Person) -> None:
    name = _record(ada)
    assert ada("push").code == 0
    assert not (world.remote.path / "lfs").exists()
    assert bob("pull", "--artifacts").code == 0
    assert [path.read_bytes() for path in _objects(bob)] == [BIG]
    assert bob("get", f"{name}:model.bin", "-o", "back").code == 0
    assert (bob.repo.path / "back/model.bin").read_bytes() == BIG
    world.fsck(ada, bob)


def test_get_fetches_what_is_not_here(ada: Person, bob: Person) -> None:
    name = _record(ada)
    ada("push")
    bob("fetch")
    assert not _objects(bob)
    assert bob("get", f"{name}:model.bin", "-o", "-").out == BIG.decode()


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_stock_git_lfs_brings_what_we_sent(ada: Person, bob: Person) -> None:
    name = _record(ada)
    ada("push")
    bob("fetch")
    bob.repo.git("lfs", "fetch", "origin", f"refs/exp/{name}")
    assert [path.read_bytes() for path in _objects(bob)] == [BIG]


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_we_bring_what_stock_git_lfs_sent(ada: Person, bob: Person) -> None:
    name = _record(ada)
    ada.repo.git("push", "-q", "--no-verify", "origin", f"refs/exp/{name}")
    ada.repo.git("lfs", "push", "origin", f"refs/exp/{name}")
    bob("fetch")
    assert bob("get", f"{name}:model.bin", "-o", "-").out == BIG.decode()


def test_bytes_are_sent_once(server: Lfs, ada: Person) -> None:
    _record(ada)
    ada("push")
    _record(ada)
    ada("push")
    assert [method for method, _, _ in server.asked].count("PUT") == 1


@pytest.mark.parametrize("fault", ["500", "503", "429", "drop"])
def test_a_failure_that_passes(server: Lfs, ada: Person, bob: Person, fault: str) -> None:
    server.faults = [("POST", fault), ("PUT", fault), ("GET", fault)]
    name = _record(ada)
    assert ada("push").code == 0
    bob("fetch")
    assert bob("get", f"{name}:model.bin", "-o", "-").out == BIG.decode()
    assert server.faults == []


@pytest.mark.parametrize("fault", ["500", "drop"])
def test_a_failure_that_stays_keeps_the_run_back(world: World, server: Lfs, ada: Person, fault: str) -> None:
    name = _record(ada)
    server.faults = [("PUT", fault)] * 20
    said = ada("push")
    assert said.code == 3
    assert f"missing artifacts  {name}: " in said.err
    assert not world.runs
    server.faults = []
    assert ada("push").code == 0
    assert world.runs == ada.runs


def test_a_cut_download_goes_on_where_it_was(server: Lfs, ada: Person, bob: Person) -> None:
    name = _record(ada)
    ada("push")
    bob("fetch")
    server.faults = [("GET", "cut")]
    assert bob("get", f"{name}:model.bin", "-o", "-").out == BIG.decode()
    ranges = [
        headers["Range"] for method, _, headers in server.asked if method == "GET" and "Range" in headers
    ]
    assert ranges
    assert int(ranges[0].removeprefix("bytes=").rstrip("-")) > 0


@pytest.mark.parametrize("fault", ["wrong", "long", "short"])
def test_other_bytes_are_refused_and_removed(server: Lfs, ada: Person, bob: Person, fault: str) -> None:
    name = _record(ada)
    ada("push")
    bob("fetch")
    server.faults = [("GET", fault)] * 20
    said = bob("get", f"{name}:model.bin", "-o", "back")
    assert said.code in (1, 3)
    assert not (bob.repo.path / "back/model.bin").exists()
    assert not _objects(bob)
    server.faults = []
    assert bob("get", f"{name}:model.bin", "-o", "back").code == 0


def test_a_flipped_byte_here_is_never_sent(server: Lfs, ada: Person) -> None:
    name = _record(ada)
    (path,) = _objects(ada)
    path.chmod(0o644)
    path.write_bytes(b"x" + BIG[1:])
    said = ada("push")
    assert said.code == 3
    assert f"missing artifacts  {name}: " in said.err
    assert "set aside" in said.err
    assert not list((server.folder / "objects").glob("*/*/*"))
    assert not path.exists()


def test_a_login_is_asked_of_git_and_kept(server: Lfs, ada: Person, tmp_path: Path) -> None:
    server.private = True
    _record(ada)
    said = ada("push")
    assert said.code == 3
    assert "wants a login" in said.err
    _helper(ada, tmp_path, *LOGIN)
    assert ada("push").code == 0
    told = (tmp_path / "told").read_text()
    assert "store protocol=http" in told
    assert f"host=127.0.0.1:{server.server_address[1]}" in told
    assert LOGIN[1] not in said.out + said.err


def test_a_wrong_login_is_forgotten(server: Lfs, ada: Person, tmp_path: Path) -> None:
    server.private = True
    _record(ada)
    _helper(ada, tmp_path, "ada", "wrong")
    said = ada("push")
    assert said.code == 3
    assert "access was denied" in said.err
    assert "erase protocol=http" in (tmp_path / "told").read_text()


def _helper(one: Person, tmp_path: Path, username: str, password: str) -> None:
    """A credential helper that knows one login, and notes what it is told."""
    script = tmp_path / "helper"
    script.write_text(
        "#!/bin/sh\n"
        f"[ $1 = get ] && printf 'username=%s\\npassword=%s\\n' '{username}' '{password}'\n"
        f"echo $1 $(cat) >> '{tmp_path}/told'\n"
    )
    script.chmod(0o755)
    one.repo.git("config", "credential.helper", str(script))


def test_headers_of_the_users_configuration(server: Lfs, ada: Person) -> None:
    ada.repo.git("config", f"http.{server.url}/.extraheader", "X-Job: 7")
    _record(ada)
    assert ada("push").code == 0
    assert all(headers.get("X-Job") == "7" for _, _, headers in server.asked)


def test_another_server_is_not_followed(server: Lfs, ada: Person) -> None:
    _record(ada)
    server.faults = [("POST", "away")]
    said = ada("push")
    assert said.code == 3
    assert "redirects to another server" in said.err
    assert "lfs.url" not in said.err  # a server writes no command for the user


def test_no_lfs_server_at_all(server: Lfs, ada: Person) -> None:
    _record(ada)
    for fault in ("404", "html"):
        server.faults = [("POST", fault)]
        said = ada("push")
        assert said.code == 3
        assert "git config exp.artifacts URL" in said.err or "no Git LFS server" in said.err


def test_a_server_that_is_silent(server: Lfs, ada: Person) -> None:
    ada.repo.git("config", "lfs.activityTimeout", "1")
    _record(ada)
    server.faults = [("POST", "stall")] * 9
    said = ada("push")
    assert said.code == 3
    assert "timed out" in said.err


def test_a_tree_names_a_server_that_the_user_has_to_trust(world: World, server: Lfs) -> None:
    ada = world.person("ada")
    ada.repo.commit("lfs", {".lfsconfig": f"[lfs]\n\turl = {server.url}\n"})
    name = _record(ada)
    said = ada("push")
    assert said.code == 3
    assert f"missing artifacts  {name}: .lfsconfig of this tree names the LFS server" in said.err
    assert f"hint: git config --add exp.trustedLfsUrl {server.url}\n" in said.err
    assert not server.asked
    ada.repo.git("config", "--add", "exp.trustedLfsUrl", server.url)
    assert ada("push").code == 0
    assert list((server.folder / "objects").glob("*/*/*"))


def test_the_users_own_server_goes_before_that_of_a_tree(world: World, server: Lfs, ada: Person) -> None:
    ada.repo.commit("lfs", {".lfsconfig": "[lfs]\n\turl = http://elsewhere.invalid\n"})
    _record(ada)
    assert ada("push").code == 0
    assert server.asked


@pytest.mark.parametrize("where", ["remote.origin.lfsurl", "lfs.url"])
def test_a_login_in_the_url_is_used_and_never_told(server: Lfs, ada: Person, where: str) -> None:
    server.private = True
    ada.repo.git("config", where, server.url.replace("://", f"://{LOGIN[0]}:{LOGIN[1]}@"))
    _record(ada)
    assert ada("push").code == 0
    server.private, server.faults = False, [("POST", "404")]
    _record(ada)
    ada.repo.write("more", "")
    ada.record("other", CODE.replace("b'm'", "b'n'"), "--output", "model.bin")
    said = ada("push")
    assert said.code == 3
    assert LOGIN[1] not in said.err


def test_the_name_in_the_url_is_asked_for(server: Lfs, ada: Person, tmp_path: Path) -> None:
    server.private = True
    ada.repo.git("config", "remote.origin.lfsurl", server.url.replace("://", "://ada@"))
    _helper(ada, tmp_path, *LOGIN)
    _record(ada)
    assert ada("push").code == 0
    assert "username=ada" in (tmp_path / "told").read_text().splitlines()[0]


def test_nobody_answers(server: Lfs, ada: Person) -> None:
    ada.repo.git("config", "remote.origin.lfsurl", "http://127.0.0.1:9")
    name = _record(ada)
    said = ada("push")
    assert said.code == 3
    assert "the connection to 127.0.0.1:9 failed: [Errno 111] Connection refused" in said.err
    assert ada("get", name, "-o", "back").code == 0


def test_get_exits_with_3_where_the_server_fails(server: Lfs, ada: Person, bob: Person) -> None:
    name = _record(ada)
    ada("push")
    bob("fetch")
    server.faults = [("POST", "503")] * 20
    assert bob("get", name, "-o", "back").code == 3
    server.faults = []
    shutil.rmtree(server.folder / "objects")
    assert bob("get", name, "-o", "back").code == 1


def test_an_address_that_is_none(ada: Person) -> None:
    _record(ada)
    for url in ("http://[bad", "http://host:port/x", "ssh://[bad/x"):
        ada.repo.git("config", "lfs.url", url)
        said = ada("push")
        assert said.code == 3
        assert "invalid URL" in said.err


ODD = {
    "a line break in a header": {"header": {"X-A": "a\r\nX-B: b"}},
    "a header that is no text": {"header": {"X-A": 7}},
    "headers that are none": {"header": [1]},
    "another alphabet": {"header": {"X-A": "\u202e"}},
    "no URL": {"href": "https://[::1/"},
    "a file": {"href": "file:///etc/passwd"},
    "another host without https": {"href": "http://elsewhere.invalid/x"},
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_answer_is_refused(
    server: Lfs, ada: Person, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    send = LFSRequestHandler.send_json_response

    def odd(self: LFSRequestHandler, status: int, data: dict[str, Any]) -> None:
        for one in data["objects"]:
            one["actions"]["upload"] |= ODD[kind]
        send(self, status, data)

    monkeypatch.setattr(LFSRequestHandler, "send_json_response", odd)
    _record(ada)
    said = ada("push")
    assert said.code == 3
    assert "missing artifacts" in said.err
    assert "\u202e" not in said.err


@pytest.mark.parametrize(
    "answer", ["[]", '{"objects": [{"oid": [1], "size": 1}]}', "[" * 100_000, '{"objects": 7}']
)
def test_an_answer_of_another_kind_is_refused(server: Lfs, ada: Person, answer: str) -> None:
    server.answers = [answer.encode()] * 9
    _record(ada)
    said = ada("push")
    assert said.code == 3
    assert "missing artifacts" in said.err


def test_what_lets_one_in_goes_to_the_server_alone(
    server: Lfs, ada: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.repo.git("config", "http.extraheader", "Authorization: Bearer TOPSECRET")
    send = LFSRequestHandler.send_json_response
    with lfs_server(tmp_path / "elsewhere") as other:
        # The same machine, and another port: another origin.
        def elsewhere(self: LFSRequestHandler, status: int, data: dict[str, Any]) -> None:
            for one in data["objects"]:
                if one.get("actions"):
                    one["actions"] = {"upload": {"href": f"{other.url}/objects/{one['oid']}"}}
            send(self, status, data)

        monkeypatch.setattr(LFSRequestHandler, "send_json_response", elsewhere)
        _record(ada)
        assert ada("push").code == 0
        assert other.asked
        assert not any("Authorization" in headers for _, _, headers in other.asked)
    assert all(headers["Authorization"] == "Bearer TOPSECRET" for _, _, headers in server.asked)


def test_an_action_that_has_expired_is_asked_for_again(server: Lfs, ada: Person) -> None:
    server.faults = [("PUT", "403")]
    _record(ada)
    assert ada("push").code == 0
    server.faults = [("PUT", "403")] * 2
    ada.record("other", CODE.replace("b'm'", "b'n'"), "--output", "model.bin")
    said = ada("push")
    assert said.code == 3
    assert "access was denied (HTTP 403" in said.err
