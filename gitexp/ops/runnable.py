"""A recorded command made one that can be executed here."""

from __future__ import annotations

from gitexp.errors import UsageError
from gitexp.formats.secret_shapes import MASK
from gitexp.model.record import RunInfo
from gitexp.repo import Repository


def runnable_command(repo: Repository, info: RunInfo, *, hint: str) -> tuple[str, ...]:
    """The recorded command with the user's own home in place of `~`.

    Raises UsageError with `hint` for one that is not known whole: what is masked nobody ever typed.
    """
    if any(MASK in word for word in info.command):
        raise UsageError(f"the command of run {info.name!r} held a secret, which is not recorded", hint=hint)
    home = repo.environ.get("HOME", "").rstrip("/")
    return tuple(_at_home(word, home) for word in info.command) if home else info.command


def _at_home(word: str, home: str) -> str:
    option, equals, path = word.partition("=") if word.startswith("-") else ("", "", word)
    return f"{option}{equals}{home}{path[1:]}" if path.startswith("~/") else word
