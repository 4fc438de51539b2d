"""What an automatic push could not send, remembered until it was told, once."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from gitexp.ops.attention import UNSENT
from gitexp.repo import Repository

FOLDER, _, FAILED = UNSENT.partition("/")
"""In our folder: all that automatic pushes need."""
_TOLD = "told"


def remember(repo: Repository, message: str) -> None:
    """Have it told by the next command, unless that very thing was told already. Raises OSError."""
    folder = repo.home / FOLDER
    if _read(folder / _TOLD) != message:
        (folder / FAILED).write_text(message, "utf-8", "surrogateescape")


def forget(repo: Repository) -> None:
    """All was sent. Raises OSError."""
    for name in (FAILED, _TOLD):
        (repo.home / FOLDER / name).unlink(missing_ok=True)


def take(repo: Repository) -> str | None:
    """What is to be told; the next time nothing is."""
    folder = repo.home / FOLDER
    message = _read(folder / FAILED)
    with suppress(OSError):
        (folder / FAILED).replace(folder / _TOLD)
    return message


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None
