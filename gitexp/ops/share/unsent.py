"""What an automatic push could not send, remembered until it was told, once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from gitexp.ops.attention import UNSENT
from gitexp.ops.share.memory import Memory
from gitexp.repo import Repository
from gitexp.sharing import share

FOLDER, _, FAILED = UNSENT.partition("/")
"""In our folder: all that automatic pushes need."""
_TOLD = "told"
_NAMES, _KNOWN = "held", "held-told"


def remember(repo: Repository, message: str, held: Iterable[str] = ()) -> None:
    """Have it told by the next command, unless that very thing was told already. Raises OSError.

    `held` are the runs of which it tells that they are held back: `told_held` has them from then on.
    """
    folder = repo.home / FOLDER
    (folder / _NAMES).write_text("\n".join(held), "ascii")
    share(folder / _NAMES)
    if _read(folder / _TOLD) != message:
        (folder / FAILED).write_text(message, "utf-8", "surrogateescape")
        share(folder / FAILED)


def forget(repo: Repository) -> None:
    """All was sent. Raises OSError."""
    for name in (FAILED, _TOLD):
        (repo.home / FOLDER / name).unlink(missing_ok=True)


def told_held(repo: Repository) -> Collection[str]:
    """The runs of which it was told that they are held back."""
    return Memory(repo.home / FOLDER / _KNOWN).words


def take(repo: Repository) -> str | None:
    """What is to be told; the next time nothing is."""
    folder = repo.home / FOLDER
    message = _read(folder / FAILED)
    with suppress(OSError):
        Memory(folder / _KNOWN).add((_read(folder / _NAMES) or "").split())
        (folder / FAILED).replace(folder / _TOLD)
    return message


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None
