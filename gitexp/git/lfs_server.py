"""Where the Git LFS server of a remote is, found as git-lfs finds it.

https://github.com/git-lfs/git-lfs/blob/main/docs/api/server-discovery.md
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from gitexp.errors import RemoteError
from gitexp.git.config import Config
from gitexp.git.process import Git
from gitexp.git.remotes import Remote, shown

TRUSTED = "exp.trustedLfsUrl"
_FILE = ".lfsconfig"
_SCP = re.compile(r"(?:([^@/:]+)@)?([^/:]+|\[[^\]]+\]):(.*)", re.DOTALL)
_NOT_CONNECTED = 255
"""What ssh exits with where it did not get as far as the command."""
_PATIENCE = 60.0
"""Seconds that a host may take to answer over ssh."""


class Server(NamedTuple):
    """An address, which may hold a login, and headers that every request there has to carry."""

    url: str
    headers: Mapping[str, str] = {}


def named_server(git: Git, config: Config, remote: Remote, top: Path | None, *, upload: bool) -> str | None:
    """The address that the user's configuration, or the tree `top`, gives for what is on `remote`.

    Raises RemoteError where the tree names one that the user has not trusted.
    """
    found = next((url for key in _keys(remote.name, upload=upload) if (url := config.get(key))), None)
    return found or _named_by_tree(git, config, remote, top)


def server_at(git: Git, config: Config, url: str, *, upload: bool) -> Server:
    """How to talk to the LFS server at `url`, or to that of the git repository at `url`.

    Raises RemoteError where there can be none, or where it cannot be asked for over ssh.
    """
    where = _ssh(url)
    if where is not None:
        return _authenticated(git, config, where, url, upload=upload)
    if _parts(url).scheme not in ("http", "https"):
        raise RemoteError(f"no Git LFS server goes with {shown(url)!r}", hint="git config exp.artifacts URL")
    return Server(url)


def derived(url: str) -> str:
    """The server that goes with a git repository at `url`; over ssh the host is asked."""
    if _ssh(url) is not None:
        return url
    url = url.rstrip("/")
    return f"{url if url.endswith('.git') else f'{url}.git'}/info/lfs"


def _keys(remote: str, *, upload: bool) -> Iterator[str]:
    if upload:
        yield from ("lfs.pushUrl", f"remote.{remote}.lfsPushUrl")
    yield from ("lfs.url", f"remote.{remote}.lfsUrl")


def _named_by_tree(git: Git, config: Config, remote: Remote, top: Path | None) -> str | None:
    """What `.lfsconfig` says, if the user trusts it: it came with the tree, from whoever wrote that."""
    if top is None or not (top / _FILE).is_file():
        return None
    for key in ("lfs.url", f"remote.{remote.name}.lfsurl"):
        result = git.run("config", "--no-includes", "--file", str(top / _FILE), "--get", key, check=False)
        if result.code == 0 and result.text:
            url = result.text
            if url not in (*config.all(TRUSTED), derived(remote.url)):
                raise RemoteError(
                    f"{_FILE} of this tree names the LFS server {shown(url)!r}, which you have not trusted",
                    hint=f"git config --add {TRUSTED} {shlex.quote(url)}",
                )
            return url
    return None


def _parts(url: str) -> SplitResult:
    """Raises RemoteError where `url` cannot be one."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # this is when it is looked at
        return parts
    except ValueError as error:
        raise RemoteError(
            f"invalid URL {shown(url)!r}: {error}", hint="git config --get-regexp url"
        ) from None


class _Ssh(NamedTuple):
    host: str
    """With the user's name, if there is one."""
    port: str | None
    path: str


def _ssh(url: str) -> _Ssh | None:
    if "://" in url:
        parts = _parts(url)
        if parts.scheme not in ("ssh", "git+ssh", "ssh+git"):
            return None
        user = f"{parts.username}@" if parts.username else ""
        return _Ssh(f"{user}{parts.hostname or ''}", str(parts.port) if parts.port else None, parts.path)
    match = _SCP.fullmatch(url)
    if match is None:
        return None
    user, host, path = match.groups()
    return _Ssh(f"{user}@{host}" if user else host, None, path)


def _authenticated(git: Git, config: Config, where: _Ssh, url: str, *, upload: bool) -> Server:
    """What `git-lfs-authenticate` says on the host: the address and a header that lets us in."""
    if where.host.startswith("-") or not f"{where.host}{where.path}".isprintable() or not where.host:
        raise RemoteError(f"{shown(url)!r} is no address for ssh")
    operation = "upload" if upload else "download"
    remote_command = f"git-lfs-authenticate {shlex.quote(where.path)} {operation}"
    port = ["-p", where.port] if where.port else []
    try:
        result = subprocess.run(
            [*_ssh_command(git, config), *port, "--", where.host, remote_command],
            cwd=git.cwd,
            env=git.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RemoteError(f"{where.host} cannot be asked for its LFS server: {error}") from None
    if result.returncode != 0:
        told = result.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        if result.returncode == _NOT_CONNECTED:
            raise RemoteError(
                f"{where.host} cannot be reached over ssh: {told}", hint=f"ssh {shlex.quote(where.host)}"
            )
        raise RemoteError(
            f"{where.host} has no Git LFS for {where.path!r}: {told or f'exit code {result.returncode}'}",
            hint="git config exp.artifacts URL",
        )
    return _answered(
        result.stdout, derived(f"https://{where.host.rpartition('@')[2]}/{where.path.lstrip('/')}")
    )


def _answered(data: bytes, default: str) -> Server:
    try:
        found: Any = json.loads(data)
        headers = {str(name): str(value) for name, value in (found.get("header") or {}).items()}
        return Server(str(found.get("href") or default), headers)
    except (ValueError, AttributeError):
        raise RemoteError("git-lfs-authenticate gave an answer that is not JSON") from None


def _ssh_command(git: Git, config: Config) -> list[str]:
    """The user's ssh: as git chooses it."""
    told = git.environ.get("GIT_SSH_COMMAND") or config.get("core.sshCommand")
    if told:
        return ["sh", "-c", f'{told} "$@"', "ssh"]
    return [git.environ.get("GIT_SSH") or "ssh"]
