"""Who may use what is put into a store that several people share."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

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
        """Those of a file that nobody writes to."""
        return mode & self.keep | self.add & _READABLE

    def make(self, folder: Path) -> None:
        """Make a folder and those above it that do not exist. Raises OSError."""
        if self == UMASK:
            folder.mkdir(parents=True, exist_ok=True)
            return
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        for one in reversed(missing):
            with suppress(FileExistsError):
                one.mkdir()
                one.chmod(one.stat().st_mode & 0o7777 & self.keep | self._of_folders())

    def _of_folders(self) -> int:
        # Where one may read one may enter; and what is made inside belongs to the same group.
        return 0o2000 | self.add | (self.add & _READABLE) >> 2


UMASK = Permissions()


def permissions(setting: str | None) -> Permissions:
    """What `core.sharedRepository` asks for: https://git-scm.com/docs/git-config"""
    text = "umask" if setting is None else setting.lower()
    if text in _NAMED:
        return Permissions(add=_NAMED[text])
    if re.fullmatch("0*[1-7][0-7]{2}", text):
        return Permissions(keep=0o7000, add=int(text, 8) & 0o666)
    return UMASK
