"""The remotes of a repository, as its git configuration has them, and what they answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gitexp.errors import RemoteError, Unreachable, UsageError
from gitexp.git.config import Config
from gitexp.git.process import Git, Result, error
from gitexp.model.values import Oid

PROTOCOLS = "https:ssh:file:git:http"
"""The protocols that git may speak for us, unless the user's environment names others: never `ext::`."""

_NETWORK = re.compile(
    r"Could not resolve host|Couldn't connect|Connection (?:refused|timed out|reset)|Network is unreachable"
    r"|No route to host|Failed to connect|Operation (?:timed out|too slow)|unable to look up",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"Authentication failed|could not read (?:Username|Password)|terminal prompts disabled"
    r"|Permission denied \(|Host key verification failed|error: 40[13]|Access denied",
    re.IGNORECASE,
)
_NO_REPOSITORY = re.compile(
    r"does not appear to be a git repository|[Rr]epository .*not found|not found: did you run"
)
_USERINFO = re.compile(r"(?<=://)[^/\s]*@")


class Remote(NamedTuple):
    """A configured remote."""

    name: str
    url: str
    """What is fetched from, after `url.<base>.insteadOf`; it may hold a password: see `shown`."""
    push_url: str
    """What is pushed to."""

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine: no host is spared by going slowly."""
        return is_local(self.push_url)


def is_local(url: str) -> bool:
    """Whether git takes `url` for a path."""
    if "://" in url:
        return url.startswith("file://")
    head, colon, _ = url.partition(":")
    return not colon or "/" in head  # as git tells `host:path` from a path


def shown(url: str) -> str:
    """`url` without the name and password that may stand in it."""
    return _USERINFO.sub("", url)


def remote_names(config: Config) -> list[str]:
    """Every remote that has a URL, sorted."""
    found = (key.split(".", 1)[1].rpartition(".") for key in config.values if key.startswith("remote."))
    return sorted({name for name, _, variable in found if variable == "url" and name})


def find_remote(git: Git, config: Config, name: str | None = None, *, push: bool = False) -> Remote:
    """The remote `name`, or the one that git would take from here.

    Raises UsageError where there is no such remote: only names are taken, never an address.
    """
    names = remote_names(config)
    if name is None:
        name = _default(git, config, names, push=push)
    if name not in names:
        others = f"there is: {', '.join(names)}" if names else f"git remote add {_addable(name)} URL"
        raise UsageError(f"no remote {name!r}", hint=others)
    return Remote(name, _url(git, name), _url(git, name, "--push"))


def _default(git: Git, config: Config, names: Sequence[str], *, push: bool) -> str:
    branch = git.run("symbolic-ref", "--quiet", "--short", "HEAD", check=False).text
    keys = ["exp.remote"]
    if push:
        keys += [f"branch.{branch}.pushRemote", "remote.pushDefault"]
    for key in (*keys, f"branch.{branch}.remote"):
        if (found := config.get(key)) and found != ".":
            return found
    return names[0] if len(names) == 1 else "origin"


def _url(git: Git, name: str, *options: str) -> str:
    return git.run("remote", "get-url", *options, "--", name).text.split("\n", 1)[0]


def _addable(name: str) -> str:
    return name if re.fullmatch(r"[\w.-]+", name) and not name.startswith("-") else "origin"


def toward(git: Git, environ: Mapping[str, str]) -> Git:
    """`git` as it talks to remotes: it may ask for a password, and keeps to known protocols.

    `environ` is the user's; what it says about either stands.
    """
    return git.within(
        {
            "GIT_ALLOW_PROTOCOL": environ.get("GIT_ALLOW_PROTOCOL") or PROTOCOLS,
            "GIT_TERMINAL_PROMPT": environ.get("GIT_TERMINAL_PROMPT", "1"),
        }
    )


def list_remote(git: Git, remote: Remote, patterns: Sequence[str], *, push: bool = False) -> dict[str, Oid]:
    """What each ref that fits `patterns` points to on the remote; one question of a git from `toward`.

    Raises RemoteError.
    """
    # By its address only where a push goes elsewhere: what is set for the name counts.
    where = remote.push_url if push and remote.push_url != remote.url else remote.name
    return _listed(git, remote, "--refs", "--", where, *patterns)


def list_all_refs(git: Git, remote: Remote) -> dict[str, Oid]:
    """Everything that the remote names: HEAD, each ref, and as `REF^{}` what a tag points to.

    Of a folder of this machine also what it hides from others. Raises RemoteError.
    """
    shown = ("--upload-pack=git -c transfer.hideRefs=!refs -c uploadpack.hideRefs=!refs upload-pack",)
    return _listed(git, remote, *(shown if remote.is_local else ()), "--", remote.name)


def _listed(git: Git, remote: Remote, *args: str) -> dict[str, Oid]:
    result = git.run("ls-remote", *args, check=False)
    if result.code != 0:
        raise remote_error(result, remote)
    pairs = (line.split("\t", 1) for line in result.lines if "\t" in line)
    return {ref: Oid(oid) for oid, ref in pairs}


def remote_error(result: Result, remote: Remote) -> RemoteError:
    """What a git command that failed to talk to `remote` stands for."""
    talk = result.talk
    told = shown(error(result, ["remote"]).message)
    if _DENIED.search(talk):
        return RemoteError(
            f"remote '{remote.name}' denied access: {told}", hint="git config credential.helper"
        )
    if _NETWORK.search(talk):
        return Unreachable(
            f"remote '{remote.name}' cannot be reached: {told}", hint=f"git ls-remote {remote.name}"
        )
    if _NO_REPOSITORY.search(talk):
        return RemoteError(f"remote '{remote.name}': {told}", hint=f"git remote set-url {remote.name} URL")
    return RemoteError(f"remote '{remote.name}': {told}", hint=f"git ls-remote {remote.name}")
