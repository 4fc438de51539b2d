"""What `git config` says, read once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from gitexp.errors import GitError
from gitexp.git.process import Git

if TYPE_CHECKING:
    from gitexp.git.objects import Identity

_TRUE = frozenset(("true", "yes", "on", "1"))
_FALSE = frozenset(("false", "no", "off", "0", ""))
_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class Config(NamedTuple):
    """All settings in force. Keys are git's: `section.subsection.variable`; case counts in the subsection."""

    values: Mapping[str, tuple[str | None, ...]]
    """Every value of each key, the last one is in force; None stands for a key without `=`."""

    def get(self, key: str, default: str | None = None) -> str | None:
        found = self.values.get(_canonical(key))
        return default if found is None else found[-1] or ""

    def all(self, key: str) -> tuple[str, ...]:
        """Every value of a key that may be given many times."""
        return tuple(value or "" for value in self.values.get(_canonical(key), ()))

    def bool(self, key: str, default: bool = False) -> bool:
        """The key as git reads booleans. Raises GitError."""
        found = self.values.get(_canonical(key))
        if found is None:
            return default
        text = "true" if found[-1] is None else found[-1].lower()
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
        raise _bad("boolean", key, text)

    def int(self, key: str, default: int = 0) -> int:
        """The key as a number; `k`, `m`, `g` multiply by 1024. Raises GitError."""
        text = self.get(key)
        if text is None:
            return default
        unit = _UNITS.get(text[-1:].lower(), 1)
        try:
            return int(text[:-1] if unit > 1 else text) * unit
        except ValueError:
            raise _bad("numeric", key, text) from None

    def identity(self, environ: Mapping[str, str]) -> Identity:
        """The author that git would write, but never a host or login name: 'unknown' where nothing is set."""
        from gitexp.git.objects import Identity  # what only looks makes no objects

        name = environ.get("GIT_AUTHOR_NAME") or self.get("author.name") or self.get("user.name")
        email = environ.get("GIT_AUTHOR_EMAIL") or self.get("author.email") or self.get("user.email")
        return Identity(name or "unknown", email or environ.get("EMAIL") or "")


def read(git: Git) -> Config:
    """Every setting that holds where `git` runs. Raises GitError where a config file is broken."""
    values: dict[str, tuple[str | None, ...]] = {}
    for item in git.run("config", "-z", "--list").stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        key, separator, value = item.partition("\n")
        values[key] = (*values.get(key, ()), value if separator else None)
    return Config(values)


def _canonical(key: str) -> str:
    section, _, rest = key.partition(".")
    subsection, dot, variable = rest.rpartition(".")
    return f"{section.lower()}.{subsection}{dot}{variable.lower()}"


def _bad(kind: str, key: str, text: str) -> GitError:
    return GitError(
        f"bad {kind} config value {text!r} for '{key}'", hint=f"git config --show-origin --get-all {key}"
    )
