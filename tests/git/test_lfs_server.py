"""Where the Git LFS server of a remote is found, and what it takes to be let in."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitexp.errors import RemoteError
from gitexp.git.config import read
from gitexp.git.lfs_server import Server, derived, named_server, server_at
from gitexp.git.process import Git
from gitexp.git.remotes import Remote
from tests.gitrepo import Repo

WEB = Remote("web", "https://host.example/team/code", "https://host.example/team/push.git")


def _named(repo: Repo, *, upload: bool = False) -> str | None:
    git = Git(repo.path, repo.environ)
    return named_server(git, read(git), WEB, repo.path, upload=upload)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://host.example/team/code", "https://host.example/team/code.git/info/lfs"),
        ("https://host.example/team/code.git", "https://host.example/team/code.git/info/lfs"),
        ("https://host.example/team/code/", "https://host.example/team/code.git/info/lfs"),
        ("ssh://git@host.example/team/code", "ssh://git@host.example/team/code"),
        ("git@host.example:team/code.git", "git@host.example:team/code.git"),
    ],
)
def test_the_server_that_goes_with_a_repository(url: str, server: str) -> None:
    assert derived(url) == server


def test_what_is_configured_goes_first(repo: Repo) -> None:
    assert _named(repo) is None
    for key in ("remote.web.lfsurl", "lfs.url", "remote.web.lfspushurl", "lfs.pushurl"):
        repo.git("config", key, f"https://{key}.example")
    assert _named(repo) == "https://lfs.url.example"
    assert _named(repo, upload=True) == "https://lfs.pushurl.example"
    repo.git("config", "--unset", "lfs.url")
    repo.git("config", "--unset", "lfs.pushurl")
    assert _named(repo) == "https://remote.web.lfsurl.example"
    assert _named(repo, upload=True) == "https://remote.web.lfspushurl.example"


def test_what_a_tree_names_has_to_be_trusted(repo: Repo) -> None:
    repo.write(".lfsconfig", '[remote "web"]\n\tlfsurl = https://evil.example/$(id)\n')
    with pytest.raises(RemoteError, match="which you have not trusted") as caught:
        _named(repo)
    assert caught.value.hint == "git config --add exp.trustedLfsUrl 'https://evil.example/$(id)'"
    repo.git("config", "--add", "exp.trustedLfsUrl", "https://evil.example/$(id)")
    assert _named(repo) == "https://evil.example/$(id)"


def test_what_a_tree_names_is_trusted_where_git_would_take_it_anyway(repo: Repo) -> None:
    repo.write(".lfsconfig", f"[lfs]\n\turl = {derived(WEB.url)}\n")
    assert _named(repo) == derived(WEB.url)


def test_a_tree_includes_no_other_configuration(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "more").write_text("[lfs]\n\turl = https://more.example\n")
    repo.write(".lfsconfig", f"[include]\n\tpath = {tmp_path / 'more'}\n")
    assert _named(repo) is None


def _ssh(repo: Repo, tmp_path: Path, url: str, script: str, *, upload: bool = False) -> Server:
    """What is found by way of an `ssh` that notes how it is called and answers as `script` does."""
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > '{tmp_path}/called'\n{script}\n")
    ssh.chmod(0o755)
    git = Git(repo.path, {**repo.environ, "GIT_SSH_COMMAND": f"'{ssh}' -o BatchMode=yes"})
    return server_at(git, read(git), url, upload=upload)


ANSWER = """echo '{"href": "https://lfs.example/x", "header": {"Authorization": "RemoteAuth t"}}'"""


def test_the_host_is_asked_over_ssh(repo: Repo, tmp_path: Path) -> None:
    found = _ssh(repo, tmp_path, "git@host.example:team/co de.git", ANSWER)
    assert found == Server("https://lfs.example/x", {"Authorization": "RemoteAuth t"})
    assert (tmp_path / "called").read_text().splitlines() == [
        *("-o", "BatchMode=yes", "--", "git@host.example"),
        "git-lfs-authenticate 'team/co de.git' download",
    ]
    _ssh(repo, tmp_path, "ssh://git@host.example:2222/team/code.git", ANSWER, upload=True)
    assert (tmp_path / "called").read_text().splitlines() == [
        *("-o", "BatchMode=yes", "-p", "2222", "--", "git@host.example"),
        "git-lfs-authenticate /team/code.git upload",
    ]


def test_a_host_that_names_no_address(repo: Repo, tmp_path: Path) -> None:
    found = _ssh(repo, tmp_path, "git@host.example:team/code", "echo '{}'")
    assert found == Server("https://host.example/team/code.git/info/lfs", {})


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo 'no such command' >&2; exit 127", "has no Git LFS for 'team/code': no such command"),
        ("echo 'Connection refused' >&2; exit 255", "cannot be reached over ssh: Connection refused"),
        ("exit 1", "has no Git LFS for 'team/code': exit code 1"),
        ("echo welcome", "is not JSON"),
        ("echo '[]'", "is not JSON"),
    ],
)
def test_a_host_without_git_lfs(repo: Repo, tmp_path: Path, script: str, told: str) -> None:
    with pytest.raises(RemoteError, match=told):
        _ssh(repo, tmp_path, "git@host.example:team/code", script)


@pytest.mark.parametrize(
    "url", ["-oProxyCommand=id:x", "ssh://-oProxyCommand=id/x", "git@a\nb:c", "ftp://a/b"]
)
def test_no_address_is_an_option(repo: Repo, tmp_path: Path, url: str) -> None:
    with pytest.raises(RemoteError):
        _ssh(repo, tmp_path, url, ANSWER)
    assert not (tmp_path / "called").exists()
