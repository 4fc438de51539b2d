"""Who may use what is put into a repository that several people share, as `core.sharedRepository` has it.

Everything that we make in a git folder, or in an artifact store, gets its permissions here.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from stat import S_IMODE, S_ISDIR
from typing import NamedTuple

from gitexp.config_file import written

_GROUP, _EVERYBODY = 0o660, 0o664
_NAMED = {
    "group": _GROUP,
    "all": _EVERYBODY,
    "world": _EVERYBODY,
    "everybody": _EVERYBODY,
    **dict.fromkeys(("", "true", "yes", "on", "1"), _GROUP),
    "2": _EVERYBODY,
}
_READABLE = 0o444


class Permissions(NamedTuple):
    """What becomes of the permissions that the umask leaves."""

    keep: int = 0o7777
    add: int = 0

    def of_file(self, mode: int) -> int:
        """Those of a file: what its owner may not do with it nobody may."""
        more = self.add if mode & 0o200 else self.add & _READABLE
        return mode & self.keep | more | (_entering(self.add) if mode & 0o100 else 0)

    def make(self, folder: Path) -> None:
        """Make a folder and those above it that do not exist. Raises OSError."""
        if self == UMASK:
            folder.mkdir(parents=True, exist_ok=True)
            return
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        for one in reversed(missing):
            with suppress(FileExistsError):
                one.mkdir()
                one.chmod(self.of_folder(S_IMODE(one.stat().st_mode)))

    def of_folder(self, mode: int) -> int:
        """Those of a folder; what is made inside belongs to the same group."""
        return mode & self.keep | 0o2000 | self.add | _entering(self.add)


def _entering(mode: int) -> int:
    """Where one may read one may enter, and execute."""
    return (mode & _READABLE) >> 2


UMASK = Permissions()


def permissions(setting: str | None) -> Permissions:
    """What `core.sharedRepository` asks for: https://git-scm.com/docs/git-config"""
    text = "umask" if setting is None else setting.lower()
    if text in _NAMED:
        return Permissions(add=_NAMED[text])
    if re.fullmatch("0*[1-7][0-7]{2}", text):
        return Permissions(keep=0o7000, add=int(text, 8) & 0o666)
    return UMASK


def make_folder(folder: Path) -> None:
    """Make a folder of ours and those above it that do not exist. Raises OSError."""
    permissions_in(folder).make(folder)


def share(path: Path, descriptor: int | None = None) -> None:
    """Let those have a new file or folder of ours who share the repository; it may be somebody else's.

    A file that is open may be gone from its path.
    """
    wanted = permissions_in(path.parent)
    if wanted == UMASK:
        return
    place = path if descriptor is None else descriptor
    with suppress(OSError):
        mode = os.stat(place).st_mode
        more = wanted.of_folder if S_ISDIR(mode) else wanted.of_file
        if more(S_IMODE(mode)) != S_IMODE(mode):
            os.chmod(place, more(S_IMODE(mode)))


@lru_cache(maxsize=256)
def permissions_in(folder: Path) -> Permissions:
    """What is asked for in a folder, by the repository whose git folder it is in; elsewhere the umask's."""
    for one in (folder, *folder.parents):
        if (one / "HEAD").exists() and ((one / "objects").exists() or (one / "commondir").exists()):
            return _permissions_of(one)
    return UMASK


def _permissions_of(git_dir: Path) -> Permissions:
    """Those of the repository with the folder `git_dir`, which may be that of a linked working tree."""
    with suppress(OSError):
        common = git_dir
        with suppress(FileNotFoundError):
            common = git_dir / (git_dir / "commondir").read_text("utf-8", "surrogateescape").strip()
        return permissions(written(common / "config", "sharedrepository").get("core.sharedrepository"))
    return UMASK
