"""Logins, as the user's git knows them: https://git-scm.com/docs/git-credential"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import unquote, urlsplit

from gitexp.git.config import Config
from gitexp.git.process import Git
from gitexp.model.login import Login


class Credentials:
    """Asks `git credential`; a git from `remotes.toward` may ask the user in turn."""

    def __init__(self, git: Git, config: Config) -> None:
        self._git = git
        self.settings: Mapping[str, Sequence[str]] = {
            key: config.all(key) for key in config.values if key.startswith("http.")
        }
        """Every `http.*` setting and its values."""

    def fill(self, url: str) -> Login | None:
        """The login for `url`; None where there is none, and none was typed."""
        parts = urlsplit(url)
        lines = [
            ("protocol", parts.scheme),
            ("host", parts.netloc.rpartition("@")[2]),
            ("path", parts.path[1:]),
            *([("username", unquote(parts.username))] if parts.username else []),
        ]
        if any(not value.isprintable() for _, value in lines):
            return None
        script = "".join(f"{key}={value}\n" for key, value in lines)
        result = self._git.run("credential", "fill", input=script.encode(), check=False)
        found = dict(line.partition("=")[::2] for line in result.lines)
        if result.code != 0 or "password" not in found:
            return None
        return Login(found.get("username", ""), found["password"], f"{result.text}\n")

    def approve(self, login: Login) -> None:
        """It was let in: git's helpers may keep it."""
        self._git.run("credential", "approve", input=login.told.encode(), check=False)

    def reject(self, login: Login) -> None:
        """It was not: git's helpers forget it."""
        self._git.run("credential", "reject", input=login.told.encode(), check=False)
